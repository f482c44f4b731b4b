"""A database of either kind with the backend's tables, for one test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.tables import metadata
from unionflow_backend.adapters.database.work import Database


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest_asyncio.fixture
async def postgres_database(postgres_copy: str) -> AsyncIterator[Database]:
    """In PostgreSQL."""
    database = Database(database_url(postgres_copy), now_ms)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def sqlite_database(sqlite_copy: str) -> AsyncIterator[Database]:
    """In a file of SQLite's."""
    database = Database(database_url(sqlite_copy), now_ms)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """In each of both, one after the other."""
    found = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(found, Database)
    return found


async def made(url: str) -> Database:
    """A database with the backend's tables, and nothing in them."""
    database = Database(database_url(url), now_ms)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database
