"""The database of `unionflow dev`: a file, brought up to date, with three societies in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.migrating import migrate
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.demo.seed import seed


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


async def open_books(file: Path, clock: Callable[[], int] = now_ms) -> int:
    """Make what is missing in it; how many societies are new.

    clock: milliseconds since 1970, of the day on which their books end.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    database = Database(database_url(f"sqlite:///{file}"), clock)
    try:
        await migrate(database.engine)
        return await seed(database)
    finally:
        await database.close()
