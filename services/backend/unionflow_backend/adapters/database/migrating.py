"""Brings a database up to what this release needs, one replica at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from unionflow_backend.adapters.database.engine import WRITES

_LOCK: Final = 7_308_604_759_527_845  # "union": any number that nobody else locks
_FOLDER: Final = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


async def migrate(engine: AsyncEngine) -> Sequence[str]:
    """Take the steps that are still to take; returns their names, oldest first.

    All or none: both databases change tables within a transaction.
    """
    async with engine.connect() as opened:
        connection = await opened.execution_options(**{WRITES: True})
        async with connection.begin():
            if connection.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                await connection.execute(lock, {"lock": _LOCK})
            return await connection.run_sync(_upgrade)


async def missing_steps(engine: AsyncEngine) -> Sequence[str]:
    """The steps that are still to take; none where the database is what this release needs."""
    async with engine.connect() as connection:
        return await connection.run_sync(_missing)


def _upgrade(connection: Connection) -> Sequence[str]:
    missing = _missing(connection)
    if not missing:  # also where the database is newer, of which Alembic could not find the steps
        return ()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return missing


def _missing(connection: Connection) -> Sequence[str]:
    present = MigrationContext.configure(connection).get_current_heads()
    script = ScriptDirectory.from_config(_config())
    steps = [step.revision for step in script.walk_revisions()]
    steps.reverse()
    known = [step for step in present if step in steps]
    return steps[steps.index(known[0]) + 1 :] if known else ([] if present else steps)
