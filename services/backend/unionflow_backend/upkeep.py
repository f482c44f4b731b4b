"""Keeps the database fit: brought up to date where asked, watched for signs of life, swept."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from unionflow_backend.adapters.database.answers import MAX_FORGOTTEN, forget
from unionflow_backend.adapters.database.migrating import migrate, missing_steps
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.errors import DatabaseUnavailable
from unionflow_runtime.core.backoff import Backoff
from unionflow_runtime.core.readiness import Readiness
from unionflow_runtime.errors import SettingsError

PING_SECONDS: Final = 5.0
FORGET_EVERY: Final = 12
"""Pings."""
DEADLINE_SECONDS: Final = 60.0
_SUBJECT: Final = "database"
log = structlog.get_logger("backend")


class Upkeep:
    """migrates: whether `prepare` brings the database up to date, or refuses an older one."""

    def __init__(self, database: Database, readiness: Readiness, *, migrates: bool) -> None:
        self._database = database
        self._readiness = readiness
        self._migrates = migrates
        self._backoff = Backoff(random.Random())  # noqa: S311  # spreads retries; guards nothing

    async def prepare(self) -> None:
        """Wait until the database answers and is what this release needs.

        Raises:
            SettingsError: it is older, and nobody has asked for it to be brought up to date.
        """
        while True:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._prepare()
                    return
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                reason = type(error).__name__
                log.warning("database does not answer", error=reason)
                self._readiness.blame(_SUBJECT, f"the database does not answer ({reason})")
            await asyncio.sleep(self._backoff.next_delay())

    async def _prepare(self) -> None:
        missing = await missing_steps(self._database.engine)
        if missing and not self._migrates:
            raise SettingsError(
                f"the database lacks {len(missing)} step(s) ({', '.join(missing)}): run "
                "`unionflow-backend migrate`, or set UNIONFLOW_DATABASE_MIGRATE=true"
            )
        if missing:
            log.info("database brought up to date", steps=await migrate(self._database.engine))
        self._readiness.clear(_SUBJECT)

    async def run(self) -> None:
        """Ask for a sign of life, and forget answers that are kept no longer, until cancelled."""
        turn = 0
        while True:
            try:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._database.ping()
                    if turn % FORGET_EVERY == 0:
                        await self.sweep()
                self._readiness.clear(_SUBJECT)
            except (DatabaseUnavailable, TimeoutError) as error:
                self._readiness.blame(_SUBJECT, f"the database does not answer ({error})")
            turn += 1
            await asyncio.sleep(PING_SECONDS)

    async def sweep(self) -> None:
        """Delete answers to POSTs that are kept no longer. Raises DatabaseUnavailable."""
        gone = MAX_FORGOTTEN
        while gone == MAX_FORGOTTEN:
            async with self._database.writing() as work:
                gone = await forget(work.connection, work.now)
