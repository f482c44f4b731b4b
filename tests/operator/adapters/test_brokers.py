"""Topics of a real Kafka, for many streams through one client."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.operator.adapters.waiting import eventually
from tests.support.kafka import Kafka
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_events.connection import Secret
from unionflow_operator.adapters.kafka import brokers as brokers_module
from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kafka.connection import Connection
from unionflow_operator.adapters.kafka.pool import KafkaPool
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.lease import Fence
from unionflow_operator.core.observed import TopicObserved
from unionflow_operator.core.plan import CreateTopic, DeleteTopic, GrowTopic, SetTopicConfig
from unionflow_operator.errors import KafkaFault, NotLeading


@pytest.fixture
def metrics() -> OperatorMetrics:
    return OperatorMetrics()


@pytest.fixture
def fence() -> Fence:
    return Fence(math.inf)


@pytest_asyncio.fixture
async def pool(fence: Fence, metrics: OperatorMetrics) -> AsyncIterator[KafkaPool]:
    pool = KafkaPool(fence, metrics, random.Random(1), idle_seconds=0.5)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def brokers(pool: KafkaPool, kafka: Kafka) -> Brokers:
    return pool.brokers(Connection(kafka.bootstrap_servers))


def requests(metrics: OperatorMetrics, request: str) -> float:
    labels = {"request": request, "result": "ok"}
    name = "unionflow_operator_kafka_requests_total"
    return metrics.registry.get_sample_value(name, labels) or 0.0


async def test_a_topic_is_made_grown_set_and_deleted(brokers: Brokers, topic_prefix: str) -> None:
    topic = topic_prefix + "whole"
    assert await brokers.describe([topic]) == ({}, frozenset())
    await brokers.carry_out(CreateTopic(topic, 2, 1, {"retention.ms": "1000"}))
    await brokers.carry_out(GrowTopic(topic, 2, 5))
    await brokers.carry_out(SetTopicConfig(topic, {"segment.bytes": "1048576"}, {}))
    wanted = {"retention.ms": "1000", "segment.bytes": "1048576"}
    found = await settled(brokers, topic, 5, wanted)
    assert found.replication_factor == 1
    await brokers.carry_out(DeleteTopic(topic, "AAAAAAAAAAAAAAAAAAAAAA"))
    assert topic in (await brokers.describe([topic]))[0]  # that was another topic of the name
    await brokers.carry_out(DeleteTopic(topic, found.topic_id))

    async def is_gone() -> bool:
        return not (await brokers.describe([topic]))[0]

    await eventually("it is gone", is_gone)


async def settled(
    brokers: Brokers, topic: str, partitions: int, config: dict[str, str]
) -> TopicObserved:
    """The topic once it is so: the brokers hear of it one after the other."""
    found: list[TopicObserved] = []

    async def is_so() -> bool:
        there, _ = await brokers.describe([topic])
        found[:] = there.values()
        return [(one.partitions, one.config) for one in found] == [(partitions, config)]

    await eventually(f"{partitions} partitions and {config}", is_so)
    return found[0]


async def test_what_is_so_already_is_no_fault(brokers: Brokers, topic_prefix: str) -> None:
    topic = topic_prefix + "twice"
    for _ in range(2):
        await brokers.carry_out(CreateTopic(topic, 2, 1, {}))
        await brokers.carry_out(GrowTopic(topic, 1, 2))


async def test_two_hundred_topics_are_made_by_one_request_at_more_than_a_hundred_a_second(
    brokers: Brokers, metrics: OperatorMetrics, topic_prefix: str
) -> None:
    names = [f"{topic_prefix}{number}" for number in range(200)]
    began = time.monotonic()
    await asyncio.gather(*(brokers.carry_out(CreateTopic(name, 1, 1, {})) for name in names))
    seconds = time.monotonic() - began
    await brokers.describe(names)
    assert requests(metrics, "create_topics") == 1
    assert requests(metrics, "describe_topics") == 1
    assert len(names) / seconds > 100

    async def all_there() -> bool:
        return len((await brokers.describe(names))[0]) == len(names)

    await eventually("the broker knows of its own new topics", all_there)


async def test_one_topic_that_kafka_refuses_is_that_ones_fault(
    brokers: Brokers, topic_prefix: str
) -> None:
    bad = CreateTopic(topic_prefix + "bad", 1, 3, {})
    good = CreateTopic(topic_prefix + "good", 1, 1, {})
    said, done = await asyncio.gather(
        brokers.carry_out(bad), brokers.carry_out(good), return_exceptions=True
    )
    assert done is None
    assert isinstance(said, KafkaFault)
    assert "INVALID_REPLICATION_FACTOR" in str(said)
    with pytest.raises(KafkaFault, match=r"retention\.ms"):
        await brokers.carry_out(SetTopicConfig(good.topic, {"retention.ms": "soon"}, {}))


async def test_who_does_not_lead_changes_nothing(
    brokers: Brokers, fence: Fence, topic_prefix: str
) -> None:
    fence.drop()
    with pytest.raises(NotLeading):
        await brokers.carry_out(CreateTopic(topic_prefix + "never", 1, 1, {}))
    assert await brokers.describe([topic_prefix + "never"]) == ({}, frozenset())


async def test_brokers_that_do_not_answer_cost_the_first_stream_a_time_out_and_no_other(
    pool: KafkaPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brokers_module, "REQUEST_SECONDS", 1.0)
    servers = f"127.0.0.1:{free_ports(1)[0]}"
    dead = pool.brokers(Connection(servers))
    with pytest.raises(KafkaFault, match=f"no broker of {servers} answers"):
        await dead.describe(["a"])
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(KafkaFault):
            await pool.brokers(Connection(servers)).describe(["b"])
    assert time.monotonic() - began < 0.5


async def test_equal_connections_share_a_client_and_another_password_has_its_own(
    pool: KafkaPool,
) -> None:
    def connection(password: str) -> Connection:
        return Connection("127.0.0.1:1", "SASL_PLAINTEXT", "PLAIN", Secret("me"), Secret(password))

    assert pool.brokers(connection("a")) is pool.brokers(connection("a"))
    assert pool.brokers(connection("a")) is not pool.brokers(connection("b"))
    assert "hunter2" not in repr(connection("hunter2"))
    assert connection("a").digest(b"salt") != connection("a").digest(b"pepper")


async def test_a_client_that_nobody_uses_is_closed(
    pool: KafkaPool, metrics: OperatorMetrics, kafka: Kafka
) -> None:
    pool.brokers(Connection(kafka.bootstrap_servers))
    running = asyncio.create_task(pool.run())

    async def is_closed() -> bool:
        return metrics.registry.get_sample_value("unionflow_operator_kafka_clients") == 0

    await eventually("it is closed", is_closed)
    running.cancel()


async def test_a_certificate_that_is_none_is_said_and_not_repeated(pool: KafkaPool) -> None:
    with pytest.raises(KafkaFault) as caught:
        pool.brokers(Connection("127.0.0.1:1", "SSL", ca=Secret("no PEM but a secret")))
    assert caught.value.reason == "InvalidConnection"
    assert "no PEM but a secret" not in str(caught.value)
