"""The publisher against a real Kafka that refuses, lacks a topic, or is restarted."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.events.reading import parsed, read_all
from tests.events.waiting import at_most, publish_at_last, settled, within
from tests.support.kafka import Kafka
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import (
    Event,
    EventPublisher,
    KafkaConnection,
    PublishedEvent,
    PublishRejected,
    PublishTimeout,
    TopicNames,
)

STATS = "unionflow.dashboard.stats"
NOISE = random.Random(1).randbytes(30_000).hex()  # no compression makes it small


async def test_a_topic_that_does_not_exist_is_named(kafka: Kafka, topic_prefix: str) -> None:
    topics = TopicNames.from_entries(prefix=topic_prefix)

    async with EventPublisher(
        KafkaConnection(kafka.bootstrap_servers), topics=topics, deadline=1.0
    ) as publisher:
        with within(1.0), pytest.raises(PublishTimeout, match=rf"{STATS}: does it exist\?$"):
            await publisher.publish_kpi_update("o", {})


async def test_a_topic_that_does_not_exist_yet_is_waited_for(
    kafka: Kafka, topic_prefix: str
) -> None:
    topics = TopicNames.from_entries(prefix=topic_prefix)

    async with EventPublisher(
        KafkaConnection(kafka.bootstrap_servers), topics=topics, deadline=30.0
    ) as publisher:
        call = asyncio.create_task(publisher.publish_kpi_update("o", {}))
        await asyncio.sleep(0.5)
        assert not call.done()
        await asyncio.to_thread(apply_topics, kafka.bootstrap_servers, topics.real, 1)
        lies = await call

    assert lies.topic == f"{topic_prefix}{STATS}"


@dataclass(frozen=True, slots=True)
class Narrow:
    """Its topic takes batches of at most 20,000 bytes: more than a full batch of small events."""

    connection: KafkaConnection
    topics: TopicNames


@pytest.fixture
def narrow(kafka: Kafka, topic_prefix: str) -> Narrow:
    topics = TopicNames.from_entries([STATS], topic_prefix)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    settings = {"max.message.bytes": "20000"}
    (created,) = admin.create_topics([NewTopic(topics.real[0], 1, config=settings)]).values()
    created.result(timeout=20)
    return Narrow(KafkaConnection(kafka.bootstrap_servers), topics)


async def test_what_kafka_refuses_is_an_error_at_once_and_the_next_event_passes(
    narrow: Narrow,
) -> None:
    async with EventPublisher(narrow.connection, topics=narrow.topics, deadline=20.0) as publisher:
        for _ in range(3):
            await publisher.publish_kpi_update("o", {})
            with (
                at_most(10.0),
                pytest.raises(PublishRejected, match=r"MESSAGE_SIZE_TOO_LARGE: .* maximum"),
            ):
                await publisher.publish_kpi_update("o", {"text": NOISE})
            await publisher.publish_kpi_update("o", {})

    assert len(await read_all(narrow.connection, narrow.topics.real)) == 6
    assert await settled() == set()


async def test_events_beside_one_that_kafka_refuses_arrive(narrow: Narrow) -> None:
    async with EventPublisher(narrow.connection, topics=narrow.topics, deadline=20.0) as publisher:
        refused, *good = await asyncio.gather(
            publisher.publish_kpi_update("o", {"text": NOISE}),
            *(delayed(publisher, n) for n in range(20)),
            return_exceptions=True,
        )

    assert isinstance(refused, PublishRejected)
    assert [g for g in good if isinstance(g, BaseException)] == []


async def delayed(publisher: EventPublisher, number: int) -> PublishedEvent:
    await asyncio.sleep(0.01 * (number + 1))
    return await publisher.publish_kpi_update("o", {"number": number})


@pytest.fixture
def connection(own_kafka: Broker) -> KafkaConnection:
    apply_topics(own_kafka.bootstrap_servers, [STATS], partitions=1)
    return KafkaConnection(own_kafka.bootstrap_servers)


async def test_a_broker_that_comes_later_gets_the_events_from_then_on(
    own_kafka: Broker, connection: KafkaConnection
) -> None:
    own_kafka.stop()
    async with EventPublisher(connection, deadline=1.0) as publisher:
        with pytest.raises(PublishTimeout) as timeout:
            await publisher.publish_kpi_update("o", {})
        await asyncio.to_thread(own_kafka.restart)
        lies = await publish_at_last(publisher, timeout.value.event)

    (record,) = await read_all(connection, [STATS])
    assert (record.offset, lies.id) == (lies.offset, timeout.value.event.id)


async def test_through_a_restart_every_acknowledged_event_is_there_once_and_in_order(
    own_kafka: Broker, connection: KafkaConnection
) -> None:
    async with EventPublisher(connection, deadline=30.0) as publisher:
        restart = asyncio.create_task(asyncio.to_thread(own_kafka.restart))
        published: list[PublishedEvent] = []
        while not restart.done() or len(published) < 100:
            published.append(await publisher.publish_kpi_update("o", {"number": len(published)}))
        await restart

    records = await read_all(connection, [STATS])
    events = [parsed(r, TopicNames.from_entries()) for r in records]
    assert [e.data["number"] for e in events if isinstance(e, Event)] == list(range(len(published)))
