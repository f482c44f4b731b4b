"""Tells publishers of a commit: this process's own at once, those of other replicas by NOTIFY.

The notification is sent after the commit and not in it: PostgreSQL lets transactions that notify
commit only one after another, over all replicas. What gets lost between is found by the sweep.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # it ships no annotations
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from unionflow_runtime.core.backoff import Backoff

CHANNEL: Final = "unionflow_outbox"
GATHER_SECONDS: Final = 0.01  # commits within this are told together
PROBE_SECONDS: Final = 5.0
_DEADLINE: Final = 5.0
# The driver's own as well: it is spoken to without SQLAlchemy in between.
_TROUBLE: Final = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was lost within a statement
    OSError,
    TimeoutError,
)
log = structlog.get_logger("outbox")


class Wake:
    """Set by commits, waited for by a publisher."""

    def __init__(self) -> None:
        self._due = asyncio.Event()
        self._to_tell = asyncio.Event()

    def wake(self, lanes: Collection[str]) -> None:
        """A transaction of this process was committed that put something into these lanes."""
        if lanes:
            self._due.set()
            self._to_tell.set()

    async def wait(self, seconds: float) -> None:
        """Until a commit, here or elsewhere, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._due.wait()
        self._due.clear()

    async def run(self, engine: AsyncEngine, rng: random.Random) -> None:
        """Tell other replicas and hear from them, until cancelled. SQLite has no others."""
        if engine.dialect.name != "postgresql":
            await asyncio.Event().wait()
        backoff = Backoff(rng)
        while True:
            try:
                async with asyncio.timeout(_DEADLINE):
                    connection = await engine.connect()
                try:
                    await self._converse(connection, backoff)
                finally:
                    # Not back into the pool: whoever had it next would hear the notifications.
                    with suppress(*_TROUBLE):
                        await connection.invalidate()
                    with suppress(*_TROUBLE):
                        await connection.close()
            except _TROUBLE as error:
                log.warning("no notifications of commits", error=type(error).__name__)
            self._due.set()  # what was said meanwhile nobody heard
            await asyncio.sleep(backoff.next_delay())

    async def _converse(self, connection: Any, backoff: Backoff) -> None:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await connection.get_raw_connection()).driver_connection
        async with asyncio.timeout(_DEADLINE):
            await driver.add_listener(CHANNEL, self._heard)
        backoff.reset()
        self._due.set()
        while True:
            told = False
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    told = await self._to_tell.wait()
            self._to_tell.clear()
            async with asyncio.timeout(_DEADLINE):
                await driver.execute(f"NOTIFY {CHANNEL}" if told else "SELECT 1")
            await asyncio.sleep(GATHER_SECONDS)

    def _heard(self, connection: Any, sender: int, _channel: str, _payload: str) -> None:
        if sender != connection.get_server_pid():
            self._due.set()
