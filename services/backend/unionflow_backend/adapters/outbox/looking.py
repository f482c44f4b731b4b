"""What people look at in the outbox, and giving rows that were set aside another try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.outbox.store import PENDING, SET_ASIDE


@dataclass(frozen=True, slots=True)
class Row:
    """One row, without what its event says. settled_ms, reason: None while it waits."""

    id: str
    lane: str
    number: int
    event_type: str
    timestamp_ms: int
    status: str
    settled_ms: int | None
    reason: str | None
    attempts: int


async def rows(database: Database, statuses: Sequence[str], most: int) -> Sequence[Row]:
    """The oldest of these statuses first. Raises DatabaseUnavailable."""
    statement = (
        select(
            outbox.c.id,
            outbox.c.lane,
            outbox.c.number,
            outbox.c.event_type,
            outbox.c.timestamp_ms,
            outbox.c.status,
            outbox.c.settled_ms,
            outbox.c.reason,
            outbox.c.attempts,
        )
        .where(outbox.c.status.in_(statuses))
        .order_by(outbox.c.timestamp_ms, outbox.c.lane, outbox.c.number)
        .limit(most)
    )
    async with database.reading() as connection:
        return [Row(*row) for row in await connection.execute(statement)]


async def retry(database: Database, ids: Sequence[str] | None) -> Sequence[str]:
    """Let rows that were set aside wait again; the ids of those that do.

    Each comes after events of its lane that were made later and are in Kafka already: so it is for
    people to ask for. ids: None for all of them. Raises DatabaseUnavailable.
    """
    statement = update(outbox).where(outbox.c.status == SET_ASIDE)
    if ids is not None:
        statement = statement.where(outbox.c.id.in_(ids))
    fresh = {"status": PENDING, "reason": None, "settled_ms": None}
    async with database.writing() as work:
        found = await work.connection.execute(statement.values(fresh).returning(outbox.c.id))
        return sorted(found.scalars())
