"""Joins what tells a kubelet how an operator is: alive, and able to look after streams.

An API server that is away is no reason to start anew: that would heal nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.news.resync import NOT_YET, Resync
from unionflow_operator.news.watching import Watching
from unionflow_operator.reconcile.workers import Workers
from unionflow_runtime.adapters.watchdog import Watchdog
from unionflow_runtime.core.readiness import Readiness

DEAF_TIMES = 3  # resyncs in a row that found what a watch, started anew, had not told
DYING_SECONDS = 300.0  # for which each watch has died soon after its start, with the server there
STUCK_SECONDS = 300.0  # for which a stream has been due, and nobody has taken it


class Health:
    """Readiness and liveness, and whatever finds out about them."""

    def __init__(self, metrics: OperatorMetrics) -> None:
        self.readiness = Readiness(cluster=NOT_YET)
        self.liveness = Readiness()
        self.watchdog = Watchdog()
        self._metrics = metrics

    async def run(
        self,
        watching: Watching,
        workers: Workers,
        resync: Resync,
        observe: Callable[[], None],
    ) -> None:
        """Look every second, until cancelled. observe: called as often, for the metrics."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 1
            await asyncio.sleep(1)
            self.watchdog.pulse.beat()
            self._metrics.loop_delay.set(loop.time() - due)
            observe()
            self.on_second(watching, workers, resync, loop.time())

    def on_second(self, watching: Watching, workers: Workers, resync: Resync, now: float) -> None:
        """A second has passed: see what is dead, and whether there is a cluster.

        now: the loop's time.
        """

        def live(subject: str, reason: str, bad: Callable[[], bool]) -> None:
            self.liveness.judge(subject, reason if bad() else "")

        live("watch", "the watch has stopped turning", lambda: not watching.turning())
        dying = f"each watch of {DYING_SECONDS:g} s has died"
        live(
            "dying",
            dying,
            lambda: resync.synced and watching.dying_seconds(now) > DYING_SECONDS,
        )
        live("deaf", "the watch tells nothing", lambda: resync.deaf_in_a_row >= DEAF_TIMES)
        live("queue", "the queue has stopped turning", lambda: not workers.pulse.on_turn())
        stuck = f"a stream has been due for {STUCK_SECONDS:g} s"
        live("stuck", stuck, lambda: workers.oldest_seconds() > STUCK_SECONDS)
        self.readiness.judge("watch", watching.problem(now))
        self.readiness.judge("cluster", "" if resync.synced else resync.problem)
