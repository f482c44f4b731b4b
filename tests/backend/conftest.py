"""The API over a database of this test's own, of either kind, brought up by the migrations."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete

from tests.backend.asking import Asking, calling
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url, open_engine
from unionflow_backend.adapters.database.migrating import migrate
from unionflow_backend.adapters.database.tables import metadata
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms


async def migrated(url: str) -> None:
    """Bring an empty database up."""
    engine = open_engine(database_url(url))
    await migrate(engine)
    await engine.dispose()


async def emptied(url: str) -> None:
    """Delete every row."""
    engine = open_engine(database_url(url))
    async with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(delete(table))
    await engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: migrating each test's own would cost more than the tests."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(migrated(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The address of a database that tests have one after the other."""
    url = postgres.create_database()
    asyncio.run(migrated(url))
    return url


@pytest.fixture
def sqlite_copy(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an SQLite database with the tables, and nothing in them."""
    shutil.copyfile(sqlite_template, tmp_path / "unionflow.db")
    return f"sqlite:///{tmp_path}/unionflow.db"


@pytest.fixture
def postgres_copy(postgres_template: str) -> str:
    """The address of a PostgreSQL database with the tables, and nothing in them.

    Emptied and not made anew: making one costs more than most tests.
    """
    asyncio.run(emptied(postgres_template))
    return postgres_template


@pytest.fixture(params=["sqlite", "postgres"])
def either_url(request: pytest.FixtureRequest) -> str:
    """The address of each of both, one after the other."""
    return str(request.getfixturevalue(f"{request.param}_copy"))


@pytest_asyncio.fixture
async def database(either_url: str) -> AsyncIterator[Database]:
    """Each of both databases, one after the other."""
    opened = Database(database_url(either_url), now_ms)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def api(database: Database) -> AsyncIterator[Asking]:
    """The API with `UNIONFLOW_AUTH=none` over each of both databases."""
    async with calling(database) as asking:
        yield asking


@pytest_asyncio.fixture
async def sqlite_api(sqlite_copy: str) -> AsyncIterator[Asking]:
    """The API over SQLite: for what is the same whatever the database."""
    opened = Database(database_url(sqlite_copy), now_ms)
    async with calling(opened) as asking:
        yield asking
    await opened.close()
