"""Keeps something running that should never end, and says when starting it again does not help."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from unionflow_runtime.core.backoff import Backoff
from unionflow_runtime.core.readiness import Readiness

DEATHS = 3
DEATHS_SECONDS = 60.0
log = structlog.get_logger("relay")


class Supervised:
    """Runs `work` for ever. `name`: what it is, for logs and for reasons.

    A bug may hit one record and not the next try. But what dies DEATHS times in DEATHS_SECONDS will
    go on so: then `liveness` is blamed until that long passed without a death, and whoever asks
    `/livez` ends the process, drained as ever.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        liveness: Readiness,
        readiness: Readiness,
        rng: random.Random,
    ) -> None:
        self._name = name
        self._work = work
        self._liveness = liveness
        self._readiness = readiness
        self._backoff = Backoff(rng)
        self._deaths: deque[float] = deque(maxlen=DEATHS)

    async def run(self) -> None:
        """Run until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._work()
                raise RuntimeError(f"{self._name} has ended")  # as any other death
            except Exception:
                log.exception("part died", part=self._name)
            self._deaths.append(loop.time())
            self.judge(loop.time())
            self._readiness.blame(self._name, f"{self._name} died and is started again")
            await asyncio.sleep(self._backoff.next_delay())
            self._readiness.clear(self._name)

    def judge(self, now: float) -> None:
        """Say whether it is given up. now: the loop's time. To be asked every second or so."""
        given_up = len(self._deaths) == DEATHS and now - self._deaths[0] < DEATHS_SECONDS
        self._liveness.judge(
            self._name,
            f"{self._name} died {DEATHS} times within {DEATHS_SECONDS:g} s" if given_up else "",
        )
