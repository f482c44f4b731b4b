"""Kafka away, PostgreSQL restarted, publishers that race, a clock set back: all under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.backend.outbox.conftest import made, now_ms
from tests.backend.outbox.recording import record
from tests.backend.outbox.running import (
    events_in,
    first_values,
    running_outbox,
    until,
    until_empty,
)
from tests.support.kafka import Kafka
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.publisher import OutboxSettings, open_store
from unionflow_backend.core.outbox import settle
from unionflow_backend.core.portion import MOST
from unionflow_backend.errors import DatabaseUnavailable
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import EventPublisher, KafkaConnection, TopicNames

STATS = "unionflow.dashboard.stats"
ORGANIZATIONS = ("dakar", "abidjan", "cotonou")
BRIEF = OutboxSettings(lease_seconds=2.0)


@dataclass(slots=True)
class Load:
    """Changes without pause, one after another in each organisation."""

    database: Database
    begun: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    is_over: bool = False

    @property
    def changes(self) -> int:
        return sum(self.begun.values())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for organization in ORGANIZATIONS:
                group.create_task(self._work(organization))

    async def _work(self, organization: str) -> None:
        while not self.is_over:
            value = self.begun.get(organization, 0)
            try:
                async with asyncio.timeout(5):
                    await record(self.database, organization, [value])
            except (DatabaseUnavailable, TimeoutError):
                self.refused += 1
                await asyncio.sleep(0.05)
                continue
            self.begun[organization] = value + 1
            await asyncio.sleep(0.005)


@asynccontextmanager
async def under_load(database: Database) -> AsyncIterator[Load]:
    load = Load(database)
    working = asyncio.create_task(load.run())
    try:
        yield load
        assert not working.done(), working
    finally:
        load.is_over = True  # and not cancelled: then nobody knew of the last change
        await working


def in_order(values: Sequence[int]) -> bool:
    """A change that was refused may have been committed all the same, and was then made again."""
    return list(values) == sorted(values)


async def test_kafka_away_no_change_is_refused_and_all_arrive_in_order_afterwards(
    postgres_database: Database, own_kafka: Broker
) -> None:
    database, servers = postgres_database, own_kafka.bootstrap_servers
    topics = TopicNames.from_entries([STATS])
    apply_topics(servers, topics.real, 2)
    async with (
        running_outbox(database, servers, topics, deadline=1.0) as beside,
        under_load(database) as load,
    ):
        await until(lambda: load.changes > 30, "the load")
        await asyncio.to_thread(own_kafka.kill)
        before = load.changes
        await until(lambda: beside.metric("depth") > 30, "the depth")
        await until(lambda: load.changes > before + 60, "changes without Kafka")
        await until(lambda: beside.metric("failures_total", of="kafka") > 0, "a failure")
        assert beside.readiness.ready
        await asyncio.to_thread(own_kafka.launch)
        await asyncio.to_thread(own_kafka.wait_until_ready)
        own_kafka.pause()  # and once more, as a broker does that is busy with itself
        await asyncio.sleep(1.5)
        own_kafka.resume()
    async with running_outbox(database, servers, topics, me="two"):
        await until_empty(database)
    assert load.refused == 0
    found = first_values(await events_in(servers, topics.real))
    assert found == {name: list(range(count)) for name, count in load.begun.items()}


async def test_postgresql_restarted_nothing_that_was_committed_is_lost(
    own_postgres: Postgres, kafka: Kafka, topic_prefix: str
) -> None:
    url = own_postgres.create_database()
    database, servers = await made(url), kafka.bootstrap_servers
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(servers, topics.real, 2)
    async with running_outbox(database, servers, topics, BRIEF):
        async with under_load(database) as load:
            await until(lambda: load.changes > 30, "the load")
            for end in (own_postgres.stop, own_postgres.kill):
                await asyncio.to_thread(end)
                await asyncio.sleep(0.3)
                await asyncio.to_thread(own_postgres.start)
                before = load.changes
                await until(lambda before=before: load.changes > before + 30, "changes")  # type: ignore[misc]  # mypy cannot infer its default's type
        await until_empty(database)
    found = first_values(await events_in(servers, topics.real))
    await database.close()
    for organization, count in load.begun.items():
        assert set(found[organization]) >= set(range(count))
        assert in_order(found[organization])


async def test_publishers_that_race_publish_each_event_once_and_in_order(
    postgres_copy: str, postgres_database: Database, kafka: Kafka, topic_prefix: str
) -> None:
    servers = kafka.bootstrap_servers
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(servers, topics.real, 3)
    replicas = [postgres_database, *(Database(database_url(postgres_copy), now_ms) for _ in "ab")]
    async with (
        running_outbox(replicas[0], servers, topics, me="one") as one,
        running_outbox(replicas[1], servers, topics, me="two") as two,
        running_outbox(replicas[2], servers, topics, me="three") as three,
    ):
        for turn in range(20):
            for place, lane in enumerate(f"org-{number}" for number in range(8)):
                await record(replicas[(turn + place) % 3], lane, [turn])
        await until_empty(postgres_database)
        shares = [
            each.metric("published_total", event_type="KPI_UPDATED") for each in (one, two, three)
        ]
    for replica in replicas[1:]:
        await replica.close()
    events = await events_in(servers, topics.real)
    assert first_values(events) == {f"org-{n}": list(range(20)) for n in range(8)}
    assert len(events) == 20 * 8
    assert sum(share > 0 for share in shares) >= 2, shares


async def test_a_clock_set_back_changes_no_order(
    database: Database, kafka: Kafka, topic_prefix: str
) -> None:
    servers = kafka.bootstrap_servers
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(servers, topics.real, 1)
    hours = iter(range(400))
    database.clock = lambda: now_ms() - next(hours) * 3_600_000  # an hour back with each look
    await record(database, "dakar", range(20), at_once=False)
    database.clock = lambda: now_ms() - 400 * 3_600_000
    async with running_outbox(database, servers, topics):
        await record(database, "dakar", range(20, 40), at_once=False)
        await until_empty(database)
    assert first_values(await events_in(servers, topics.real)) == {"dakar": list(range(40))}


async def test_a_publisher_that_froze_past_its_lease_repeats_and_changes_no_order(
    postgres_database: Database, kafka: Kafka, topic_prefix: str
) -> None:
    """It has taken its rows; another takes its lanes over; then it goes on where it was."""
    servers = kafka.bootstrap_servers
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(servers, topics.real, 1)
    await record(postgres_database, "dakar", range(10))
    frozen = open_store(postgres_database, Holder("frozen"), OutboxSettings(lease_seconds=0.1))
    rows = await frozen.take(frozenset(), MOST)
    await asyncio.sleep(0.2)
    async with running_outbox(postgres_database, servers, topics, me="other"):
        await record(postgres_database, "dakar", range(10, 20))
        await until_empty(postgres_database)
    async with EventPublisher(KafkaConnection(servers), topics=topics) as publisher:
        outcomes = await publisher.publish_in_order([row.event() for row in rows])
    await frozen.settle(settle(rows, outcomes))
    events = await events_in(servers, topics.real)
    assert first_values(events) == {"dakar": list(range(20))}
    assert len(events) == 30
