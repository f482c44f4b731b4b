"""Keeps a watch running: anew when it dies, when it is deaf, and when the cluster has new kinds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from unionflow_operator.adapters.kube.watch import Watch
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_runtime.core.backoff import Backoff

STEADY_SECONDS = 10.0  # one that has run so long did not die of what the one before it died of
log = structlog.get_logger("operator")


class Watching:
    """make: a new watch, of the kinds that there are by then."""

    def __init__(
        self, make: Callable[[], Watch], metrics: OperatorMetrics, rng: random.Random
    ) -> None:
        self._make = make
        self._metrics = metrics
        self._backoff = Backoff(rng)
        self._anew = asyncio.Event()
        self._watch: Watch | None = None
        self._began = 0.0
        self._problem = ""
        self._dying_since = 0.0

    def start_anew(self) -> None:
        """End the watch that runs, and start another."""
        self._anew.set()

    def turning(self) -> bool:
        """The watcher of health came round: whether kopf's loop still turns."""
        return self._watch is None or self._watch.pulse.on_turn()

    def problem(self, now: float) -> str:
        """Why nothing is watched, or not for long; empty while a watch runs steadily.

        now: the loop's time.
        """
        if self._watch is not None and now - self._began > STEADY_SECONDS:
            self._problem = ""
        return self._problem

    def dying_seconds(self, now: float) -> float:
        """For how long each watch has died soon after its start. now: the loop's time."""
        return now - self._dying_since if self.problem(now) else 0.0

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._anew.clear()
            self._metrics.watch_starts.inc()
            self._watch = self._make()
            began = self._began = loop.time()
            running = asyncio.create_task(self._watch.run())
            asked = asyncio.create_task(self._anew.wait())
            try:
                await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    self._on_death(_why(running), loop.time())
            finally:
                running.cancel()
                asked.cancel()
            self._watch = None
            if loop.time() - began > 60:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_delay())

    def _on_death(self, why: str, now: float) -> None:
        log.warning("watch died", problem=why)
        if not self.problem(now):
            self._dying_since = now
        self._problem = f"the watch died: {why}"


def _why(task: asyncio.Task[None]) -> str:
    error = task.exception()
    return f"{type(error).__name__}: {error}"[:300] if error is not None else "it has ended"
