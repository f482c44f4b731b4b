"""The publisher against a real Kafka that keeps its connections and answers nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.events.reading import parsed, read_all
from tests.events.waiting import SLACK, at_most, publish_at_last, settled, within
from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import Event, EventPublisher, KafkaConnection, PublishTimeout, TopicNames

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka_tier(), Broker.start(tmp_path_factory.mktemp("stuck")) as started:
        yield started


@pytest.fixture
def connection(broker: Broker) -> KafkaConnection:
    return KafkaConnection(broker.bootstrap_servers)


@pytest.fixture
def topics(broker: Broker, topic_prefix: str) -> TopicNames:
    names = TopicNames.from_entries(["unionflow.dashboard.stats"], topic_prefix)
    apply_topics(broker.bootstrap_servers, names.real, partitions=1)
    return names


@contextmanager
def paused(broker: Broker) -> Iterator[None]:
    """Within it the broker answers nothing. A signal takes effect a little after it was sent."""
    broker.pause()
    try:
        tasks = list(Path(f"/proc/{broker.pid}/task").iterdir())
        while not all(is_stopped(task) for task in tasks):
            time.sleep(0.001)
        yield
    finally:
        broker.resume()


def is_stopped(task: Path) -> bool:
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_a_broker_that_stops_answering_times_out_and_closing_does_not_wait(
    broker: Broker, connection: KafkaConnection, topics: TopicNames
) -> None:
    async with EventPublisher(connection, topics=topics, deadline=1.0) as publisher:
        await publisher.publish_kpi_update("o", {})
        with paused(broker):
            with within(1.0), pytest.raises(PublishTimeout, match="to acknowledge it"):
                await publisher.publish_kpi_update("o", {})
            with at_most(2 * SLACK):
                await publisher.__aexit__(None, None, None)
            assert await settled() == set()


async def test_a_broker_that_does_not_answer_at_the_start_times_out(
    broker: Broker, connection: KafkaConnection, topics: TopicNames
) -> None:
    with paused(broker):
        async with EventPublisher(connection, topics=topics, deadline=0.5) as publisher:
            with within(0.5), pytest.raises(PublishTimeout, match="for a connection to Kafka"):
                await publisher.publish_kpi_update("o", {})

    assert await settled() == set()


async def test_an_event_that_timed_out_may_arrive_and_has_the_same_id_when_sent_again(
    broker: Broker, connection: KafkaConnection, topics: TopicNames
) -> None:
    async with EventPublisher(connection, topics=topics, deadline=1.0) as publisher:
        await publisher.publish_kpi_update("o", {"number": 1})
        with paused(broker), pytest.raises(PublishTimeout) as timeout:
            await publisher.publish_kpi_update("o", {"number": 2})
        await publish_at_last(publisher, timeout.value.event)
        await publisher.publish_kpi_update("o", {"number": 3})

    events = [parsed(r, topics) for r in await read_all(connection, topics.real)]
    numbers = [e.data["number"] for e in events if isinstance(e, Event)]
    assert numbers in ([1, 2, 3], [1, 2, 2, 3])
    assert len({e.id for e in events if isinstance(e, Event)}) == 3


async def test_a_full_buffer_times_out_and_nothing_is_dropped_in_silence(
    broker: Broker, connection: KafkaConnection, topics: TopicNames
) -> None:
    text = "x" * 10_000
    async with EventPublisher(connection, topics=topics, deadline=1.0) as publisher:
        await publisher.publish_kpi_update("o", {})
        with paused(broker), within(1.0):
            results = await asyncio.gather(
                *(publisher.publish_kpi_update("o", {"text": text}) for _ in range(50)),
                return_exceptions=True,
            )

    assert {type(result) for result in results} == {PublishTimeout}
    waited_for_room = [r for r in results if "for room in the buffer" in str(r)]
    assert len(waited_for_room) > 40
