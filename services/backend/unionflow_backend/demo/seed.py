"""Puts the demonstration's societies into a database, as if months had passed there."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import insert, select

from unionflow_backend.adapters.database.tables import metadata, organizations
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.demo.books import Books
from unionflow_backend.demo.names import SOCIETIES

SEED: Final = 2026
_AT_ONCE: Final = 500


async def seed(database: Database, *, seed: int = SEED) -> int:
    """Add those of the societies that are not there; how many.

    What has happened before today is history: no event says so.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    today = datetime.fromtimestamp(database.clock() / 1000, UTC).date()
    added = 0
    async with database.writing() as work:
        there = set((await work.connection.execute(select(organizations.c.id))).scalars())
        for society in SOCIETIES:
            if society.id in there:
                continue
            chance = random.Random(f"{seed} {society.id}")  # noqa: S311  # made-up data
            for table, rows in Books(society, chance, today).rows().items():
                for start in range(0, len(rows), _AT_ONCE):
                    part = list(rows[start : start + _AT_ONCE])
                    await work.connection.execute(insert(metadata.tables[table]), part)
            added += 1
    return added
