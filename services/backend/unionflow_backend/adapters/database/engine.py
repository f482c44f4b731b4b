"""Opens the database so that SQLite and PostgreSQL keep the same promises.

SQLite: write-ahead log, foreign keys held, and whoever writes says so at once (BEGIN IMMEDIATE): a
busy database is waited for and never fails in mid-transaction. PostgreSQL: every statement has a
deadline.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from unionflow_backend.errors import InvalidDatabaseUrl

WAIT_SECONDS: Final = 10
"""How long a statement waits for others; then the caller gets `DatabaseUnavailable`."""
POOL_SIZE: Final = 10
WRITES: Final = "unionflow_writes"
"""The execution option of a connection that is going to write."""
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


def database_url(text: str) -> URL:
    """The address of a database, with the driver that we use. Its `str` hides the password.

    Raises:
        InvalidDatabaseUrl: it is none, or of another kind of database.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidDatabaseUrl from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None or not url.database or url.database == ":memory:":
        raise InvalidDatabaseUrl
    return url.set(drivername=driver)


def open_engine(url: URL) -> AsyncEngine:
    """An engine for `url`, which connects when it is first used."""
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(
            url, connect_args={"timeout": WAIT_SECONDS}, pool_size=POOL_SIZE, max_overflow=0
        )
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        event.listen(engine.sync_engine, "invalidate", _roll_back_sqlite)
        return engine
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "timeout": WAIT_SECONDS,
            "command_timeout": WAIT_SECONDS,
            "server_settings": {
                "application_name": "unionflow-backend",
                "lock_timeout": f"{WAIT_SECONDS * 1_000 * 9 // 10}",
                "idle_in_transaction_session_timeout": f"{WAIT_SECONDS * 3_000}",
            },
        },
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin by itself, late and DEFERRED: a reader that then writes can fail.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def _roll_back_sqlite(_connection: object, record: Any, _error: object) -> None:
    # A connection that was cancelled within a statement is closed, but SQLite keeps what it has
    # begun (and its lock) until Python forgets the statement, which a traceback may hold for long.
    # Rolling back first needs no such luck; the connection's thread does one after the other.
    task = asyncio.ensure_future(record.driver_connection.rollback())
    _ROLLING_BACK.add(task)
    task.add_done_callback(_on_rolled_back)


def _on_rolled_back(task: asyncio.Future[None]) -> None:
    _ROLLING_BACK.discard(task)
    if not task.cancelled():
        task.exception()  # looked at: a connection that has gone has nothing to roll back


_ROLLING_BACK: Final[set[asyncio.Future[None]]] = set()
