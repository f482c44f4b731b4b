"""Notes that somebody looks at an organisation's figures, so that they are kept fresh for them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from unionflow_backend.adapters.database.tables import statistics
from unionflow_backend.adapters.database.work import Database

AGAIN_MS: Final = 60_000
"""Who asks again sooner changes nothing: reading a dashboard is to cost no write."""


async def ask(database: Database, organization_id: str) -> None:
    """Somebody has asked for the figures of this organisation, which exists.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    now = database.clock()
    asked = select(statistics.c.asked_ms).where(statistics.c.organization_id == organization_id)
    async with database.reading() as connection:
        before = (await connection.execute(asked)).scalar_one_or_none()
    if before is not None and abs(now - before) < AGAIN_MS:
        return
    insert = postgresql_insert if database.engine.dialect.name == "postgresql" else sqlite_insert
    row = insert(statistics).values(organization_id=organization_id, asked_ms=now, seen_number=-1)
    statement = row.on_conflict_do_update(
        index_elements=[statistics.c.organization_id], set_={"asked_ms": now}
    )
    async with database.writing() as work:
        await work.connection.execute(statement)
