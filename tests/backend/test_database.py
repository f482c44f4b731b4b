"""The database under the API: its steps, its indexes, its waiting, its going away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url

from tests.backend.asking import (
    DAKAR,
    MEMBER,
    PRESIDENT,
    Asking,
    an_approval,
    calling,
    organization,
)
from tests.backend.operations import populate, requests
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url, open_engine
from unionflow_backend.adapters.database.migrating import migrate, missing_steps
from unionflow_backend.adapters.database.tables import metadata
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms
from unionflow_backend.errors import DatabaseUnavailable, InvalidDatabaseUrl

LISTS = [
    f"/finance/approvals?organizationId={DAKAR}",
    f"/finance/approvals?organizationId={DAKAR}&sort=amount",
    f"/finance/approvals?organizationId={DAKAR}&status=PENDING",
    f"/members?organizationId={DAKAR}",
    f"/members?organizationId={DAKAR}&sort=-createdAt",
    f"/members?organizationId={DAKAR}&status=ACTIVE&sort=createdAt",
    f"/members?organizationId={DAKAR}&email=awa@example.org",
    f"/members?organizationId={DAKAR}&userId=awa",
    f"/contributions?organizationId={DAKAR}",
    f"/contributions?organizationId={DAKAR}&sort=-createdAt",
    f"/contributions?organizationId={DAKAR}&status=DUE",
    f"/contributions?organizationId={DAKAR}&dueBefore=2027-01-01",
    f"/events?organizationId={DAKAR}&from=2026-01-01T00:00:00Z",
    f"/events?organizationId={DAKAR}&sort=createdAt",
    f"/dashboard/activities?organizationId={DAKAR}",
    f"/dashboard/events?organizationId={DAKAR}",
    "/notifications?unread=true",
    "/organizations?sort=-createdAt",
]


async def test_the_steps_make_what_the_tables_say(either_url: str) -> None:
    engine = open_engine(database_url(either_url))

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_steps_are_taken_once_by_however_many_at_once(postgres_url: str) -> None:
    engine = open_engine(database_url(postgres_url))
    before = await missing_steps(engine)
    taken = await asyncio.gather(*(migrate(engine) for _ in range(4)))
    assert sorted(map(list, taken)) == [[], [], [], before]
    assert await missing_steps(engine) == []
    await engine.dispose()


async def test_a_database_of_a_newer_release_is_left_as_it_is(sqlite_copy: str) -> None:
    engine = open_engine(database_url(sqlite_copy))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await migrate(engine) == ()
    assert await missing_steps(engine) == []
    await engine.dispose()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mysql://user:password@host/x",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://host",
        "not an address",
        "postgresql+psycopg2://user:password@host/x",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(InvalidDatabaseUrl) as refused:
        database_url(address)
    assert "password@host/" not in str(refused.value)


def test_a_password_is_not_in_what_is_shown_of_an_address() -> None:
    url = database_url("postgres://user:s3cret@host:5432/unionflow")
    assert "s3cret" not in str(url)
    assert "s3cret" not in repr(make_url(url))
    assert url.drivername == "postgresql+asyncpg"


@asynccontextmanager
async def noted(database: Database) -> AsyncIterator[dict[str, Any]]:
    """Every statement that is executed meanwhile, with its parameters."""
    statements: dict[str, Any] = {}

    def note(*arguments: Any) -> None:
        _connection, _cursor, statement, parameters, _context, many = arguments
        if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement) and "pg_" not in statement:
            statements.setdefault(statement, parameters[0] if many else parameters)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def plans(database: Database, statements: dict[str, Any]) -> dict[str, str]:
    """What PostgreSQL does for each statement where it does anything rather than read it all."""
    found = {}
    async with database.reading() as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await connection.exec_driver_sql(f"SET LOCAL {setting} = off")
        for statement, parameters in statements.items():
            rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            found[statement] = "\n".join(row[0] for row in rows)
    return found


async def test_every_statement_has_an_index_and_every_list_is_in_its_order(
    postgres_copy: str,
) -> None:
    database = Database(database_url(postgres_copy), now_ms)
    async with calling(database) as api:
        world = await populate(api)
        await api.post("/finance/approvals", an_approval("7"), MEMBER, Idempotency_Key="k")
        async with noted(database) as all_statements:
            for request in requests(world):
                await api.ask(request.method, request.path, request.body, PRESIDENT)
            await api.post("/finance/approvals", an_approval("7"), MEMBER, Idempotency_Key="k")
        async with noted(database) as listing:
            for path in LISTS:
                await api.get(path, MEMBER if path.startswith("/not") else PRESIDENT)
                sort = "&" if "?" in path else "?"
                page = (await api.get(f"{path}{sort}limit=1", PRESIDENT)).json()
                if page.get("nextCursor"):
                    await api.get(f"{path}{sort}limit=1&cursor={page['nextCursor']}", PRESIDENT)
        read_whole = {
            statement: plan
            for statement, plan in (await plans(database, all_statements | listing)).items()
            if "Seq Scan" in plan
        }
        assert read_whole == {}
        sorted_after = {
            statement: plan
            for statement, plan in (await plans(database, listing)).items()
            if "ORDER BY" in statement and "UNION" not in statement and "Sort" in plan
        }
        assert sorted_after == {}
        assert len(all_statements | listing) > 40
    await database.close()


async def test_a_busy_database_is_waited_for(api: Asking) -> None:
    await organization(api)
    async with api.database.writing() as work:
        await work.connection.execute(text("UPDATE lanes SET number = number"))
        waiting = [
            asyncio.create_task(api.post("/finance/approvals", an_approval(), MEMBER))
            for _ in range(15)
        ]
        read = await api.get(f"/finance/approvals?organizationId={DAKAR}", MEMBER)
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting)
    answers = await asyncio.gather(*waiting)
    assert (read.status_code, {answer.status_code for answer in answers}) == (200, {201})


async def test_two_processes_share_one_file(sqlite_copy: str) -> None:
    first, second = (Database(database_url(sqlite_copy), now_ms) for _ in range(2))
    async with calling(first) as one, calling(second) as other:
        await organization(one)
        answers = await asyncio.gather(
            *(
                api.post("/finance/approvals", an_approval(), MEMBER)
                for api in (one, other)
                for _ in range(20)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len(await other.said()) == 40
    await first.close()
    await second.close()


async def test_a_transaction_given_up_at_any_moment_holds_up_nobody(database: Database) -> None:
    async def change() -> None:
        async with database.writing() as work:
            await work.connection.execute(text("DELETE FROM lanes"))
            rows = [{"lane": f"lane-{number}", "number": 1} for number in range(200)]
            await work.connection.execute(metadata.tables["lanes"].insert(), rows)

    tasks = []  # kept: what a traceback holds on to must not matter
    for turns in range(30):
        task = asyncio.create_task(change())
        tasks.append(task)
        for _ in range(turns):
            await asyncio.sleep(0.0003)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            await change()


async def test_a_database_that_goes_and_comes_is_503_and_then_well(own_postgres: Postgres) -> None:
    database = Database(database_url(own_postgres.create_database()), now_ms)
    await migrate(database.engine)
    async with calling(database) as api:
        await organization(api)
        own_postgres.stop()
        answer = await api.post("/finance/approvals", an_approval(), MEMBER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"
        with pytest.raises(DatabaseUnavailable):
            await database.ping()
        own_postgres.start()
        answer = await api.post("/finance/approvals", an_approval(), MEMBER)
        assert answer.status_code == 201
    await database.close()
