"""Keeps a watch running: anew when it dies, when it is deaf, and when the cluster has new kinds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from unionflow_operator.adapters.kube.watch import Watch
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_runtime.core.backoff import Backoff

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

    def start_anew(self) -> None:
        """End the watch that runs, and start another."""
        self._anew.set()

    def turning(self) -> bool:
        """The watcher of health came round: whether kopf's loop still turns."""
        return self._watch is None or self._watch.pulse.on_turn()

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._anew.clear()
            self._metrics.watch_starts.inc()
            self._watch = self._make()
            began = loop.time()
            running = asyncio.create_task(self._watch.run())
            asked = asyncio.create_task(self._anew.wait())
            try:
                await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    log.warning("watch died", problem=_why(running))
            finally:
                running.cancel()
                asked.cancel()
            self._watch = None
            if loop.time() - began > 60:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_delay())


def _why(task: asyncio.Task[None]) -> str:
    error = task.exception()
    return f"{type(error).__name__}: {error}"[:300] if error is not None else "it has ended"
