"""The outbox's way to a real Kafka."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from sqlalchemy import insert, text

from tests.backend.outbox.conftest import now_ms
from tests.backend.outbox.recording import record, rows_of
from tests.backend.outbox.running import (
    events_in,
    first_values,
    running_outbox,
    until,
    until_empty,
)
from tests.support.kafka import Kafka
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.outbox.publisher import OutboxSettings
from unionflow_backend.adapters.outbox.waking import Wake
from unionflow_cli.kafka import apply_topics
from unionflow_events import Event, EventPublisher, TopicNames
from unionflow_events.ordering import Outcome

STATS = "unionflow.dashboard.stats"
NOISE = random.Random(1).randbytes(30_000).hex()  # no compression makes it small


@pytest.fixture
def topics(kafka: Kafka, topic_prefix: str) -> TopicNames:
    names = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(kafka.bootstrap_servers, names.real, 2)
    return names


@pytest.fixture
def narrow(kafka: Kafka, topic_prefix: str) -> TopicNames:
    """Its topic takes batches of at most 20,000 bytes."""
    names = TopicNames.from_entries([STATS], topic_prefix)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    settings = {"max.message.bytes": "20000"}
    (made,) = admin.create_topics([NewTopic(names.real[0], 1, config=settings)]).values()
    made.result(timeout=20)
    return names


async def test_what_is_committed_lies_in_kafka_in_each_organisations_order(
    database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    await record(database, "dakar", range(50))
    async with running_outbox(database, kafka.bootstrap_servers, topics) as beside:
        for turn in range(50, 100):
            await record(database, "dakar", [turn])
            await record(database, "abidjan", [turn])
        await until_empty(database)
        await until(
            lambda: beside.metric("published_total", event_type="KPI_UPDATED") == 150, "150"
        )
    events = await events_in(kafka.bootstrap_servers, topics.real)
    assert first_values(events) == {"dakar": list(range(100)), "abidjan": list(range(50, 100))}
    assert len(events) == 150
    assert await rows_of(database) == []


async def test_a_commit_is_published_at_once_and_not_at_the_next_sweep(
    database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    delays = []
    loop = asyncio.get_running_loop()
    async with running_outbox(database, kafka.bootstrap_servers, topics) as beside:
        await record(database, "dakar", [0])
        await until_empty(database)
        for turn in range(1, 8):
            began = loop.time()
            await record(database, "dakar", [turn])
            await until(
                lambda turn=turn: (  # type: ignore[misc]  # mypy cannot infer its default's type
                    beside.metric("published_total", event_type="KPI_UPDATED") > turn
                ),
                "the event",
            )
            delays.append(loop.time() - began)
    assert sorted(delays)[3] < 0.25, delays  # a sweep comes after 0.5 to 1.5 s


async def test_another_replicas_commit_is_heard_of(
    postgres_database: Database, postgres_copy: str, kafka: Kafka, topics: TopicNames
) -> None:
    other = Database(database_url(postgres_copy), now_ms)
    heard: list[float] = []
    loop = asyncio.get_running_loop()
    servers = kafka.bootstrap_servers
    async with running_outbox(postgres_database, servers, topics):
        await record(postgres_database, "dakar", [0])
        await until_empty(postgres_database)
        other.wakeup = wake = Wake()
        telling = asyncio.create_task(wake.run(other.engine, random.Random(1)))
        for turn in range(1, 8):
            began = loop.time()
            await record(other, "dakar", [turn])
            await until_empty(postgres_database)
            heard.append(loop.time() - began)
        telling.cancel()
        await asyncio.wait({telling})
    await other.close()
    assert sorted(heard)[3] < 0.25, heard


async def test_a_row_that_kafka_refuses_is_set_aside_and_its_lane_goes_on(
    database: Database, kafka: Kafka, narrow: TopicNames
) -> None:
    await record(database, "dakar", range(20))
    await record(database, "dakar", [20], text=NOISE)
    await record(database, "dakar", range(21, 40))
    async with running_outbox(database, kafka.bootstrap_servers, narrow, deadline=10.0) as beside:
        await until_empty(database)
        await until(lambda: beside.metric("set_aside") == 1, "the metric")
    (left,) = await rows_of(database)
    assert (left.number, left.status) == (21, "SET_ASIDE")
    assert "MESSAGE_SIZE_TOO_LARGE" in left.reason
    events = await events_in(kafka.bootstrap_servers, narrow.real)
    assert first_values(events) == {"dakar": [*range(20), *range(21, 40)]}


async def test_a_row_that_is_no_event_is_set_aside_and_its_lane_goes_on(
    database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    await record(database, "dakar", range(3))
    async with database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE outbox SET event_type = 'OF_ANOTHER_RELEASE' WHERE number = 2")
        )
    async with running_outbox(database, kafka.bootstrap_servers, topics):
        await until_empty(database)
    (left,) = await rows_of(database)
    assert left.reason.startswith("eventType: is not in the catalogue")
    events = await events_in(kafka.bootstrap_servers, topics.real)
    assert first_values(events) == {"dakar": [0, 2]}


async def test_a_publisher_that_ends_lets_go_of_its_lanes(
    postgres_database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    missing = TopicNames.from_entries([STATS], "no-such-")
    await record(postgres_database, "dakar", [1])
    servers = kafka.bootstrap_servers
    async with running_outbox(postgres_database, servers, missing, deadline=30.0):
        await until_held(postgres_database)
    async with running_outbox(postgres_database, servers, topics, me="two"):
        await until_empty(postgres_database)


async def test_a_publisher_told_to_end_marks_what_kafka_has_taken(
    database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    has_taken = asyncio.Event()

    class Slow(EventPublisher):
        async def publish_in_order(self, events: Sequence[Event]) -> Sequence[Outcome]:
            outcomes = await super().publish_in_order(events)
            has_taken.set()
            await asyncio.sleep(0.1)
            return outcomes

    await record(database, "dakar", range(10))
    async with running_outbox(database, kafka.bootstrap_servers, topics, kind=Slow):
        await has_taken.wait()
    assert await rows_of(database) == []


async def until_held(database: Database) -> None:
    held = text("SELECT count(*) FROM outbox_lanes WHERE holder IS NOT NULL")
    for _ in range(500):
        async with database.reading() as connection:
            if (await connection.execute(held)).scalar_one():
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody took the lane")


async def test_an_event_that_waits_for_too_long_makes_the_process_not_ready(
    sqlite_database: Database, kafka: Kafka, topic_prefix: str
) -> None:
    missing = TopicNames.from_entries([STATS], topic_prefix)
    await record(sqlite_database, "dakar", [1])
    patient = OutboxSettings(ready_seconds=1.0)
    servers = kafka.bootstrap_servers
    async with running_outbox(sqlite_database, servers, missing, patient, deadline=0.5) as beside:
        await until(lambda: beside.metric("depth") == 1, "the depth")
        assert beside.readiness.ready
        await until(lambda: not beside.readiness.ready, "the bound")
        assert "has waited" in beside.readiness.reasons[0]
        assert beside.metric("age_seconds") > 1
        await asyncio.to_thread(apply_topics, servers, missing.real, 1)
        await until(lambda: beside.readiness.ready, "the topic")


async def test_the_same_row_is_the_same_event_each_time(
    sqlite_database: Database, kafka: Kafka, topics: TopicNames
) -> None:
    """As after a kill between Kafka's answer and the database's: the row is there again."""
    await record(sqlite_database, "dakar", [1])
    before = await rows_of(sqlite_database)
    async with running_outbox(sqlite_database, kafka.bootstrap_servers, topics):
        await until_empty(sqlite_database)
        async with sqlite_database.engine.begin() as connection:
            await connection.execute(insert(outbox), [row._asdict() for row in before])
        await until_empty(sqlite_database)
    first, second = await events_in(kafka.bootstrap_servers, topics.real)
    assert first == second
