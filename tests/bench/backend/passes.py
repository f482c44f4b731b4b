"""A pass of the statistics over many organisations, in time that the database spends on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import event, update

from tests.bench.backend.books import fill_organizations
from tests.bench.backend.stage import Place
from unionflow_backend.adapters.database.tables import lanes
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.statistics.job import StatisticsJob, StatisticsSettings

ORGANIZATIONS = 10_000
_SETTINGS = StatisticsSettings(period_seconds=1.0, unchanged_seconds=3_600)


async def statistics_passes(place: Place) -> Mapping[str, float]:
    """The longest of the first passes, where all is news; and one after a change in each of all."""
    async with place.database() as (_, database):
        await fill_organizations(database, ORGANIZATIONS)
        job = StatisticsJob(
            database, _SETTINGS, OutboxMetrics(CollectorRegistry()), Holder("bench")
        )
        first = []
        with _statements(database) as spent:
            while await job.go_round():
                first.append(sum(spent))
                spent.clear()
            async with database.engine.begin() as connection:
                await connection.execute(update(lanes).values(number=lanes.c.number + 1))
            spent.clear()
            await job.go_round()
            return {"first_pass_seconds": max(first), "later_pass_seconds": sum(spent)}


@contextmanager
def _statements(database: Database) -> Iterator[list[float]]:
    """The seconds of each statement that is executed meanwhile."""
    began: list[float] = []
    spent: list[float] = []

    def before(*_: Any) -> None:
        began.append(time.perf_counter())

    def after(*_: Any) -> None:
        spent.append(time.perf_counter() - began.pop())

    engine = database.engine.sync_engine
    for name, note in (("before_cursor_execute", before), ("after_cursor_execute", after)):
        event.listen(engine, name, note)
    try:
        yield spent
    finally:
        for name, note in (("before_cursor_execute", before), ("after_cursor_execute", after)):
            event.remove(engine, name, note)
