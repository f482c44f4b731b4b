"""Moves the outbox to Kafka, for as long as the process runs.

A process that dies between Kafka's answer and the database's leaves rows that are published again,
with the same ids, by whoever takes their lanes next: repeated perhaps, lost never.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.lanes import PostgresStore
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.outbox.single import SqliteStore
from unionflow_backend.adapters.outbox.store import Store, forget_sent, measure
from unionflow_backend.adapters.outbox.waking import Wake
from unionflow_backend.core.outbox import (
    Patience,
    Settlement,
    overdue,
    settle,
    split_invalid,
)
from unionflow_backend.core.portion import Portion
from unionflow_backend.errors import DatabaseUnavailable
from unionflow_events import Event
from unionflow_events.ordering import Outcome
from unionflow_runtime.core.backoff import Backoff
from unionflow_runtime.core.readiness import Readiness

SWEEP_SECONDS: Final = 1.0  # half of it to one and a half: replicas do not come round together
MEASURE_SECONDS: Final = 2.0
FORGET_EVERY: Final = 30  # measures
END_SECONDS: Final = 1.0
"""How long a round may still take when the process is told to end."""
DATABASE_SECONDS: Final = 15.0
log = structlog.get_logger("outbox")


class Publisher(Protocol):
    """The part of EventPublisher that is used here."""

    async def publish_in_order(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """See `EventPublisher.publish_in_order`."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """What can be set of it.

    keep_seconds: how long sent rows are kept, 0 not at all. lease_seconds: how long a publisher
    that has died keeps its lanes; longer than the deadline of whoever publishes. ready_seconds:
    the age of the oldest row from which on this process is not ready.
    """

    keep_seconds: int = 0
    lease_seconds: float = 15.0
    ready_seconds: float = 900.0


def open_store(database: Database, me: Holder, settings: OutboxSettings) -> Store:
    """The store for this kind of database."""
    kind = PostgresStore if database.engine.dialect.name == "postgresql" else SqliteStore
    return kind(database, me, settings.lease_seconds, keep_sent=settings.keep_seconds > 0)


class OutboxPublisher:
    """One replica's publisher. me: a name that no other process has."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        wake: Wake,
        settings: OutboxSettings,
        metrics: OutboxMetrics,
        readiness: Readiness,
        me: Holder,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._wake = wake
        self._settings = settings
        self._metrics = metrics
        self._readiness = readiness
        self._rng = random.Random()  # noqa: S311  # spreads retries; guards nothing
        self._store = open_store(database, me, settings)
        self._patience = Patience(self._rng)
        self._portion = Portion()
        self._backoff = Backoff(self._rng)
        self._troubled = False

    async def run(self) -> None:
        """Publish until cancelled; then let go of all lanes, so that others need not wait."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish())
                group.create_task(self._measure())
                group.create_task(self._wake.run(self._database.engine, self._rng))
        finally:
            with suppress(DatabaseUnavailable, TimeoutError):
                async with asyncio.timeout(DATABASE_SECONDS / 5):
                    await self._store.let_go()

    async def _publish(self) -> None:
        while True:
            try:
                idle = not await self._whole_round()
            except (DatabaseUnavailable, TimeoutError) as error:
                self._metrics.failures.labels("database").inc()
                log.warning("outbox: the database does not answer", error=str(error))
                await asyncio.sleep(self._backoff.next_delay())
                continue
            self._backoff.reset()
            if idle:
                await self._wake.wait(self._pause())

    async def _whole_round(self) -> bool:
        """A round that is not cut short by the end of the process: what Kafka took is marked."""
        going = asyncio.create_task(self.round())
        try:
            return await asyncio.shield(going)
        finally:
            if not going.done():
                await asyncio.wait({going}, timeout=END_SECONDS)
                going.cancel()
                await asyncio.gather(going, return_exceptions=True)

    async def round(self) -> bool:
        """Take what waits, publish it and settle it; False where there was nothing to take.

        Raises:
            DatabaseUnavailable, TimeoutError: the database does not answer.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(DATABASE_SECONDS):
            rows = await self._store.take(self._patience.resting(began), self._portion.rows)
        if not rows:
            return False
        good, events, invalid = split_invalid(rows)
        outcomes = await self._publisher.publish_in_order(events) if events else ()
        settlement = settle(good, outcomes, invalid)
        lanes = {row.lane for row in rows}
        self._patience.on_settled(lanes, {row.lane for row in settlement.tried}, loop.time())
        self._say(settlement)
        async with asyncio.timeout(DATABASE_SECONDS):
            await self._store.settle(settlement)
        self._portion.on_round(len(rows), loop.time() - began)
        return True

    def _pause(self) -> float:
        """Seconds to the next look, where no commit is heard of."""
        sweep = SWEEP_SECONDS * self._rng.uniform(0.5, 1.5)
        due = self._patience.next_try(asyncio.get_running_loop().time())
        return sweep if due is None else max(0.01, min(sweep, due))

    def _say(self, settlement: Settlement) -> None:
        now = self._database.clock()
        for row in settlement.sent:
            self._metrics.published.labels(row.event_type).inc()
            self._metrics.delay.observe(max(0, now - row.timestamp_ms) / 1000)
        for one in settlement.set_aside:
            log.error("event set aside: Kafka will never take it", id=one.id, reason=one.reason)
        if settlement.trouble:
            self._metrics.failures.labels("kafka").inc()
            if not self._troubled:
                log.warning("events wait in the outbox", reason=settlement.trouble)
            self._troubled = True
        elif settlement.sent:
            if self._troubled:
                log.info("events leave the outbox again")
            self._troubled = False

    async def _measure(self) -> None:
        """Keep depth and age in sight, and forget sent rows whose time is over."""
        turn = 0
        while True:
            with suppress(DatabaseUnavailable, TimeoutError):
                async with asyncio.timeout(DATABASE_SECONDS):
                    await self._look()
                    if self._settings.keep_seconds and turn % FORGET_EVERY == 0:
                        before = self._database.clock() - self._settings.keep_seconds * 1000
                        await forget_sent(self._database, before)
            turn += 1
            await asyncio.sleep(MEASURE_SECONDS * self._rng.uniform(0.8, 1.2))

    async def _look(self) -> None:
        depth = await measure(self._database)
        now = self._database.clock()
        age = 0.0 if depth.oldest_ms is None else max(0, now - depth.oldest_ms) / 1000
        self._metrics.depth.set(depth.waiting)
        self._metrics.set_aside.set(depth.set_aside)
        self._metrics.age.set(age)
        reason = overdue(age, self._settings.ready_seconds)
        if reason:
            log.warning("outbox overdue", seconds=round(age), waiting=depth.waiting)
        self._readiness.judge("outbox", reason)
