"""Changes as the business makes them, as far as an outbox sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.core.announcements import Announcement
from unionflow_events import EventType


async def record(
    database: Database, lane: str, numbers: Sequence[int], *, text: str = "", at_once: bool = True
) -> None:
    """An indicator of `lane` per number: in one transaction, or in one each."""
    said = [
        Announcement(EventType.KPI_UPDATED, {"value": number, "text": text}, lane)
        for number in numbers
    ]
    for part in [said] if at_once else [[one] for one in said]:
        async with database.writing() as work:
            await work.record(lane, part)


async def rows_of(database: Database) -> list[Any]:
    """Everything that the outbox holds, lane by lane."""
    statement = select(outbox).order_by(outbox.c.lane, outbox.c.number)
    async with database.reading() as connection:
        return list((await connection.execute(statement)).all())
