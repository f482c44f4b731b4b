"""A publisher of the outbox that runs beside a test, and what has come of it in Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from tests.events.reading import read_all
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.outbox.publisher import OutboxPublisher, OutboxSettings
from unionflow_backend.adapters.outbox.store import measure
from unionflow_backend.adapters.outbox.waking import Wake
from unionflow_events import EventPublisher, KafkaConnection, TopicNames
from unionflow_runtime.core.readiness import Readiness

PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Beside:
    """What runs, and what can be seen of it."""

    wake: Wake
    readiness: Readiness = field(default_factory=Readiness)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def metric(self, name: str, **labels: str) -> float:
        """A metric's value; its name without the prefix."""
        return self.registry.get_sample_value(f"unionflow_backend_outbox_{name}", labels) or 0.0


@asynccontextmanager
async def running_outbox(
    database: Database,
    servers: str,
    topics: TopicNames,
    settings: OutboxSettings | None = None,
    *,
    me: str = "one",
    deadline: float = 2.0,
    kind: type[EventPublisher] = EventPublisher,
) -> AsyncIterator[Beside]:
    """Publish what `database` holds, woken by its commits, until the end of the block."""
    beside = Beside(Wake())
    database.wakeup = beside.wake
    connection = KafkaConnection(servers)
    async with kind(connection, topics=topics, deadline=deadline) as publisher:
        outbox = OutboxPublisher(
            database,
            publisher,
            beside.wake,
            settings or OutboxSettings(),
            OutboxMetrics(beside.registry),
            beside.readiness,
            Holder(me),
        )
        running = asyncio.create_task(outbox.run())
        try:
            yield beside
        finally:
            assert not running.done(), running
            running.cancel()
            await asyncio.wait({running})


async def until(happened: Callable[[], bool], what: str) -> None:
    """Wait, at most half a minute."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not happened():
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


async def until_empty(database: Database) -> None:
    """Wait until nothing waits any more."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while waiting := (await measure(database)).waiting:
        assert asyncio.get_running_loop().time() < deadline, f"{waiting} events still wait"
        await asyncio.sleep(0.02)


async def events_in(servers: str, topics: Iterable[str]) -> list[dict[str, Any]]:
    """Every event that lies there, partition after partition, each in its order."""
    records = await read_all(KafkaConnection(servers), topics)
    return [orjson.loads(record.value or b"null") for record in records]


def first_values(events: Iterable[dict[str, Any]]) -> dict[str, list[int]]:
    """By organisation, the values of its indicators; of an id that lies there twice, the first."""
    seen: set[str] = set()
    values: dict[str, list[int]] = {}
    for event in events:
        if event["id"] not in seen:
            seen.add(event["id"])
            values.setdefault(event["organizationId"], []).append(event["data"]["value"])
    return values
