"""Every some seconds, on one replica: figures of all organisations where they may have changed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder, Lease
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.statistics.figures import figures_of
from unionflow_backend.adapters.statistics.telling import Candidate, Finding, candidates, tell
from unionflow_backend.core.statistics import Figures, news
from unionflow_backend.errors import DatabaseUnavailable

LEASE: Final = "statistics"
AT_ONCE: Final = 500
"""Organisations of one transaction: whoever changes one of them waits for it."""
NEW_AT_ONCE: Final = 2_500
"""Organisations of one pass of which nothing was ever said, where all of it is news: the others of
them have their turn in the passes after."""
SPREAD: Final = 0.5
"""The part of a period over which what is new is said, where it is much."""
DATABASE_SECONDS: Final = 30.0
log = structlog.get_logger("statistics")


@dataclass(frozen=True, slots=True)
class StatisticsSettings:
    """Both in seconds.

    unchanged_seconds: after how long figures that somebody looks at are said again though they are
    the same. 0 says everyone's in every pass, as the first system did.
    """

    period_seconds: float = 10.0
    unchanged_seconds: float = 60.0


class StatisticsJob:
    """One replica's part in it. me: a name that no other process has."""

    def __init__(
        self, database: Database, settings: StatisticsSettings, metrics: OutboxMetrics, me: Holder
    ) -> None:
        self._database = database
        self._settings = settings
        self._metrics = metrics
        metrics.period.set(settings.period_seconds)
        self._rng = random.Random()  # noqa: S311  # spreads load; guards nothing
        self._says_all = settings.unchanged_seconds == 0
        # Held over a period: it stays where it is while its holder lives.
        self._lease = Lease(database, LEASE, me, 2.5 * settings.period_seconds)

    async def run(self) -> None:
        """Go round until cancelled; then let another replica do it."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                try:
                    async with asyncio.timeout(DATABASE_SECONDS):
                        if await self._lease.take():
                            await self.go_round()
                except (DatabaseUnavailable, TimeoutError) as error:
                    log.warning("statistics: the database does not answer", error=str(error))
                period = self._settings.period_seconds * self._rng.uniform(0.95, 1.05)
                await asyncio.sleep(max(0.0, began + period - loop.time()))
        finally:
            with suppress(DatabaseUnavailable, TimeoutError):
                async with asyncio.timeout(1):
                    await self._lease.release()

    async def go_round(self) -> int:
        """One pass; how many organisations were looked at. Raises DatabaseUnavailable."""
        began = time.perf_counter()
        now = self._database.clock()
        async with self._database.reading() as connection:
            found = _of_this_pass(await candidates(connection, now, everyone=self._says_all))
            ids = [one.organization_id for one in found]
            figures = await figures_of(connection, ids, now) if ids else {}
        self._metrics.passes.observe(time.perf_counter() - began)
        findings = self._findings(found, figures, now)
        pause = self._settings.period_seconds * SPREAD / (len(findings) // AT_ONCE + 1)
        for start in range(0, len(findings), AT_ONCE):
            if start:
                await asyncio.sleep(min(0.2, pause))
            await self._tell(findings[start : start + AT_ONCE])
        self._metrics.last_pass.set(self._database.clock() / 1000)
        return len(found)

    def _findings(
        self, found: Sequence[Candidate], figures: Mapping[str, Figures], now: int
    ) -> list[Finding]:
        unchanged_ms = int(self._settings.unchanged_seconds * 1000)
        findings = []
        for one in found:
            of_it = figures.get(one.organization_id)
            if of_it is not None:
                said = news(one.organization_id, of_it, one.told, now, unchanged_ms)
                findings.append(Finding(one, of_it.said(), said))
        return findings

    async def _tell(self, findings: Sequence[Finding]) -> None:
        async with self._database.writing() as work:
            await tell(work.connection, findings, work.now)
            said = {f.candidate.organization_id for f in findings if f.announcements}
            work.lanes |= said
        self._metrics.figures.labels("published").inc(len(said))
        self._metrics.figures.labels("unchanged").inc(len(findings) - len(said))


def _of_this_pass(found: Sequence[Candidate]) -> list[Candidate]:
    new = [one for one in found if one.told.said is None][:NEW_AT_ONCE]
    return [one for one in found if one.told.said is not None] + new
