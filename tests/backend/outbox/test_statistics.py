"""Dashboards' figures: right, read in one query, and said only where somebody has to hear them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from sqlalchemy import event, insert, update

from tests.backend.outbox.conftest import now_ms
from tests.backend.outbox.recording import record, rows_of
from tests.backend.outbox.societies import dakar_and_cotonou, fill, member, organization
from unionflow_backend.adapters.database.tables import lanes, members, organizations, statistics
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.statistics.asking import ask
from unionflow_backend.adapters.statistics.figures import figures_of
from unionflow_backend.adapters.statistics.job import StatisticsJob, StatisticsSettings
from unionflow_backend.core.statistics import Figures

DAKAR = Figures(
    "XOF",
    members=2,
    contributions=16_000,
    pending_approvals=1,
    due=20_000,
    due_paid=15_000,
    overdue=1,
)
HOURLY = StatisticsSettings(unchanged_seconds=3_600)
ALWAYS = StatisticsSettings(unchanged_seconds=0)


def job(database: Database, settings: StatisticsSettings = HOURLY) -> StatisticsJob:
    return StatisticsJob(database, settings, OutboxMetrics(CollectorRegistry()), Holder("one"))


async def said(database: Database) -> list[tuple[str, str, Any]]:
    """What the outbox holds: organisation, type and data."""
    rows = await rows_of(database)
    return [(row.lane, row.event_type, orjson.loads(row.data)) for row in rows]


async def forget(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM outbox")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are executed within."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_figures_are_those_of_the_tables(database: Database) -> None:
    await dakar_and_cotonou(database)
    async with database.reading() as connection:
        found = await figures_of(connection, ["dakar", "cotonou", "nowhere"], now_ms())
    assert found == {"dakar": DAKAR, "cotonou": Figures("XOF")}


async def test_figures_of_all_take_one_query(database: Database) -> None:
    await dakar_and_cotonou(database)
    async with database.reading() as connection:
        with counted(database) as statements:
            await figures_of(connection, ["dakar", "cotonou"], now_ms())
    assert len(statements) == 1


async def test_what_was_never_said_is_said_with_the_names_of_the_wire(database: Database) -> None:
    await dakar_and_cotonou(database)
    assert await job(database).go_round() == 2
    stats = {
        "totalMembers": 2,
        "totalContributions": "16000",
        "pendingApprovals": 1,
        "currency": "XOF",
    }
    rate = {"id": "collection-rate", "name": "collection rate", "value": 75.0, "unit": "%"}
    assert [one for one in await said(database) if one[0] == "dakar"][:2] == [
        ("dakar", "DASHBOARD_STATS_UPDATED", stats),
        ("dakar", "KPI_UPDATED", rate),
    ]


async def test_what_is_said_takes_the_next_numbers_of_its_lane(database: Database) -> None:
    await dakar_and_cotonou(database)
    await job(database).go_round()
    await record(database, "dakar", [0])
    numbers = [row.number for row in await rows_of(database) if row.lane == "dakar"]
    assert numbers == [8, 9, 10, 11]


async def test_its_own_news_are_no_change_and_the_next_pass_looks_at_nobody(
    database: Database,
) -> None:
    await dakar_and_cotonou(database)
    await job(database).go_round()
    assert await job(database).go_round() == 0


async def test_a_change_of_figures_is_said_and_what_is_the_same_is_not(
    database: Database,
) -> None:
    await dakar_and_cotonou(database)
    await job(database).go_round()
    await forget(database)
    async with database.writing() as work:
        await work.connection.execute(insert(members), [member("9", "dakar")])
        await work.connection.execute(
            update(lanes).where(lanes.c.lane == "dakar").values(number=lanes.c.number + 1)
        )
    assert await job(database).go_round() == 1
    ((lane, kind, data),) = await said(database)
    assert (lane, kind, data["totalMembers"]) == ("dakar", "DASHBOARD_STATS_UPDATED", 3)


async def test_a_change_that_moves_no_figure_is_looked_at_once_and_said_never(
    database: Database,
) -> None:
    await dakar_and_cotonou(database)
    await job(database).go_round()
    await forget(database)
    await record(database, "dakar", [0])
    assert [await job(database).go_round() for _ in range(2)] == [1, 0]
    assert [kind for _, kind, data in await said(database) if "value" not in data] == []


async def test_who_asked_is_told_again_once_the_time_for_the_same_figures_is_over(
    database: Database,
) -> None:
    await dakar_and_cotonou(database)
    await job(database).go_round()
    await forget(database)
    await ask(database, "dakar")
    assert await job(database).go_round() == 1
    assert await said(database) == []
    async with database.engine.begin() as connection:
        await connection.execute(update(statistics).values(published_ms=now_ms() - 3_600_000))
    await job(database).go_round()
    assert [(lane, kind) for lane, kind, _ in await said(database)] == [
        ("dakar", "DASHBOARD_STATS_UPDATED")
    ]


async def test_at_0_seconds_everyones_are_said_in_every_pass(database: Database) -> None:
    await dakar_and_cotonou(database)
    await job(database, ALWAYS).go_round()
    await forget(database)
    assert await job(database, ALWAYS).go_round() == 2
    kinds = [(lane, kind) for lane, kind, _ in await said(database)]
    assert kinds == [
        ("cotonou", "DASHBOARD_STATS_UPDATED"),
        ("dakar", "DASHBOARD_STATS_UPDATED"),
    ]


async def test_who_asks_twice_within_a_minute_writes_once(database: Database) -> None:
    await dakar_and_cotonou(database)
    await ask(database, "dakar")
    with counted(database) as statements:
        await ask(database, "dakar")
    assert [one for one in statements if one.startswith("INSERT")] == []


async def test_organisations_of_which_nothing_was_said_come_some_in_each_pass(
    postgres_database: Database,
) -> None:
    database = postgres_database
    names = [f"org-{number:04}" for number in range(2_600)]
    await fill(
        database,
        (organizations, [organization(name) for name in names]),
        (lanes, [{"lane": name, "number": 1} for name in names]),
    )
    quick = job(database, StatisticsSettings(period_seconds=0.1, unchanged_seconds=3_600))
    assert [await quick.go_round() for _ in range(3)] == [2_500, 100, 0]


async def test_many_organisations_take_few_statements(database: Database) -> None:
    names = [f"org-{number:04}" for number in range(600)]
    await dakar_and_cotonou(database)
    await fill(
        database,
        (organizations, [organization(name) for name in names]),
        (lanes, [{"lane": name, "number": 1} for name in names]),
    )
    with counted(database) as statements:
        assert await job(database, ALWAYS).go_round() == 602
    assert len(statements) < 40
    assert len(await said(database)) == 3 * 602
