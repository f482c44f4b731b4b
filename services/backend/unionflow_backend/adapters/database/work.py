"""One transaction at a time: to read, or to change things and have the publisher woken after."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool

from unionflow_backend.adapters.database.engine import WRITES, open_engine
from unionflow_backend.adapters.database.recording import new_id, record
from unionflow_backend.core.announcements import ActivityLine, Announcement
from unionflow_backend.errors import DatabaseUnavailable

_AWAY_STATES: Final = ("08", "53", "55P03", "57P", "40P01")
"""PostgreSQL's states in which another try may help: no connection, too many of them or no memory,
a lock not had in time, shutting down or starting up, a deadlock."""


class Wakeup(Protocol):
    """Whoever moves the outbox on."""

    def wake(self, lanes: Collection[str]) -> None:
        """These lanes have something new, as of a commit of this process. Must not block."""


class Work:
    """A transaction that changes something.

    now: milliseconds since 1970, one for all that happens in it.
    """

    def __init__(self, connection: AsyncConnection, now: int) -> None:
        self.connection = connection
        self.now = now
        self.lanes: set[str] = set()

    def new_id(self) -> str:
        """An id for something that this transaction makes."""
        return new_id(self.now)

    async def record(
        self,
        lane: str,
        announcements: Sequence[Announcement],
        activity: ActivityLine | None = None,
    ) -> None:
        """As `recording.record`, and remember to wake the publisher. Call it last.

        Raises:
            InvalidPayload: an announcement may not be published.
        """
        await record(self.connection, self.now, lane, announcements, activity)
        self.lanes.add(lane)


class Database:
    """The database of one process.

    clock: milliseconds since 1970. wakeup: told of each commit that announced something.
    """

    def __init__(self, url: URL, clock: Callable[[], int], wakeup: Wakeup | None = None) -> None:
        self.engine = open_engine(url)
        self.clock = clock
        self.wakeup = wakeup
        # SQLite has one writer; waiting here is in order, its own waiting is a lottery of sleeps.
        self._turn = asyncio.Lock() if self.engine.dialect.name == "sqlite" else None

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, and sees one moment.

        Raises:
            DatabaseUnavailable: there is no answer in time.
        """
        with _translated():
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Work]:
        """A transaction, committed at the end and rolled back on any error.

        Raises:
            DatabaseUnavailable: there is no answer in time. Whether the transaction was committed
                is unknown when it comes from the commit itself.
        """
        async with self._turn or contextlib.nullcontext():
            with _translated():
                async with self.engine.connect() as opened:
                    connection = await opened.execution_options(**{WRITES: True})
                    async with connection.begin():
                        work = Work(connection, self.clock())
                        yield work
        if self.wakeup is not None and work.lanes:
            self.wakeup.wake(frozenset(work.lanes))

    async def ping(self) -> None:
        """Ask for an answer.

        Raises:
            DatabaseUnavailable: there is none in time.
        """
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    def connections(self) -> tuple[int, int]:
        """How many are in use, and how many are open and idle."""
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            raise TypeError(f"the pool is a {type(pool).__name__}")
        return pool.checkedout(), pool.checkedin()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError, TimeoutError) as error:
        raise DatabaseUnavailable(type(error).__name__) from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if error.connection_invalidated or state.startswith(_AWAY_STATES):
            raise DatabaseUnavailable(type(error).__name__) from error
        raise
