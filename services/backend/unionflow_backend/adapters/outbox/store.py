"""Rows of the outbox, taken by one publisher for a short time, and settled when Kafka has answered.

What is common to both databases; which lanes a publisher may take, and how it holds them, is the
matter of `lanes` (PostgreSQL, many publishers) and `single` (SQLite, one at a time).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.core.outbox import Settlement, Waiting

PENDING: Final = "PENDING"
SENT: Final = "SENT"
SET_ASIDE: Final = "SET_ASIDE"
ROW_BYTES: Final = 8_000_000
"""The most of data that is taken at a time, and one row more."""
COUNTED: Final = 100_000
"""Rows that are counted at most; where more wait, this many are said to."""
COLUMNS: Final = (
    outbox.c.id,
    outbox.c.lane,
    outbox.c.number,
    outbox.c.event_type,
    outbox.c.organization_id,
    outbox.c.user_id,
    outbox.c.data,
    outbox.c.timestamp_ms,
    outbox.c.traceparent,
)


class Store(Protocol):
    """Where a publisher gets its rows from. Every call may raise DatabaseUnavailable."""

    async def take(self, resting: Collection[str], most: int) -> Sequence[Waiting]:
        """Rows of lanes that this publisher holds from now on, each lane's in order, no gap.

        resting: lanes to leave alone. most: rows.
        """
        ...

    async def settle(self, settlement: Settlement) -> None:
        """Write down what came of the rows that were taken last, and let go of their lanes."""
        ...

    async def let_go(self) -> None:
        """Hold nothing any more: this publisher ends."""
        ...


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits. oldest_ms: when the oldest waiting event happened; None with none."""

    waiting: int
    set_aside: int
    oldest_ms: int | None


def waiting_of(row: Row[*tuple[Any, ...]]) -> Waiting:
    """A row as the core knows it."""
    return Waiting(
        row.id,
        row.lane,
        row.number,
        row.event_type,
        row.organization_id,
        row.user_id,
        orjson.loads(row.data),
        row.timestamp_ms,
        row.traceparent,
    )


async def write_down(
    connection: AsyncConnection, settlement: Settlement, now_ms: int, *, keep_sent: bool
) -> None:
    """Sent rows go, or stay as such; what Kafka will never take is kept with its reason."""
    ids = [row.id for row in settlement.sent]
    if ids and keep_sent:
        values = {"status": SENT, "settled_ms": now_ms}
        await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(values))
    elif ids:
        await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))
    if settlement.set_aside:
        statement = (
            update(outbox)
            .where(outbox.c.id == bindparam("row_id"))
            .values(status=SET_ASIDE, settled_ms=now_ms, reason=bindparam("why"))
        )
        rows = [{"row_id": one.id, "why": one.reason} for one in settlement.set_aside]
        await connection.execute(statement, rows)
    tried = [row.id for row in settlement.tried]
    if tried:
        more = {"attempts": outbox.c.attempts + 1}
        await connection.execute(update(outbox).where(outbox.c.id.in_(tried)).values(more))


async def measure(database: Database) -> Depth:
    """How much waits, over all lanes."""
    newest = select(outbox.c.timestamp_ms).where(outbox.c.status == PENDING).limit(COUNTED)
    some = newest.subquery()
    aside = select(func.count()).where(outbox.c.status == SET_ASIDE).scalar_subquery()
    statement = select(func.count(), func.min(some.c.timestamp_ms), aside).select_from(some)
    async with database.reading() as connection:
        waiting, oldest, set_aside = (await connection.execute(statement)).one()
    return Depth(waiting, set_aside, oldest)


async def forget_sent(database: Database, before_ms: int) -> int:
    """Delete rows that were sent before then; how many."""
    statement = delete(outbox).where(outbox.c.status == SENT, outbox.c.settled_ms < before_ms)
    async with database.writing() as work:
        return int((await work.connection.execute(statement)).rowcount)
