"""Takes streams out of the queue and has them looked at: several at once, each by itself.

What goes wrong with one, a bug included, is that one's: it rests and is tried again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Name
from unionflow_operator.core.queue import WorkQueue
from unionflow_operator.errors import KubeFault, NotLeading
from unionflow_operator.reconcile.outcome import Outcome, Result
from unionflow_runtime.core.pulse import Pulse

DEADLINE_SECONDS = 60.0  # of one look: its requests have shorter ones, so this is for a bug
_STALL_TURNS = 30
_TURN_SECONDS = 1.0
_LEAST_SECONDS = 0.001  # a turn always lets others have theirs
# A resync of all streams at once would be a storm: each comes this much sooner or later.
_SPREAD = 0.1
log = structlog.get_logger("operator")


class Workers:
    """parallel: how many streams are looked at at once; the others wait in the queue."""

    def __init__(
        self,
        reconcile: Callable[[Name], Awaitable[Outcome]],
        metrics: OperatorMetrics,
        rng: random.Random,
        parallel: int,
    ) -> None:
        self.queue: WorkQueue[Name] = WorkQueue(rng)
        self.pulse = Pulse(_STALL_TURNS)
        self._reconcile = reconcile
        self._metrics = metrics
        self._rng = rng
        self._parallel = parallel
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._open = False

    def add(self, name: Name) -> None:
        """Something about it changed."""
        self.queue.add(name, self._now())
        self._wake.set()

    def add_within(self, name: Name, seconds: float) -> None:
        """Look at it within that time, also where nothing else had planned to."""
        self.queue.add_later(name, self._now() + self._rng.uniform(0, seconds))

    def forget(self, name: Name) -> None:
        """It is gone: no resync of it is due."""
        self.queue.forget(name)

    def open(self, *, may_work: bool) -> None:
        """Whether streams may be taken: only the leader does, once it knows what there is."""
        self._open = may_work
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self.pulse.beat()
                self._wake.clear()
                while self._open and len(self._tasks) < self._parallel:
                    name = self.queue.take(self._now())
                    if name is None:
                        break
                    self._start(name)
                await self._rest()
        finally:
            for task in self._tasks:
                task.cancel()

    def observe(self) -> None:
        """Tell the metrics how much waits."""
        depth = self.queue.depth(self._now())
        for state in ("due", "delayed", "working"):
            self._metrics.queue_depth.labels(state).set(getattr(depth, state))
        self._metrics.queue_age.set(depth.age)

    def oldest_seconds(self) -> float:
        """How long the one that is due longest has been due, while it may be taken; else 0."""
        return self.queue.depth(self._now()).age if self._open else 0.0

    def _start(self, name: Name) -> None:
        task = asyncio.create_task(self._work(name))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _rest(self) -> None:
        """Until something may be taken. What is due and may not be taken is no reason to hurry."""
        may_take = self._open and len(self._tasks) < self._parallel
        due_at = self.queue.next_due_at() if may_take else None
        wait = _TURN_SECONDS if due_at is None else min(_TURN_SECONDS, due_at - self._now())
        try:
            async with asyncio.timeout(max(wait, _LEAST_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _work(self, name: Name) -> None:
        began = self._now()
        outcome = await self._look(name)
        now = self._now()
        self._metrics.reconciled(str(outcome.result), now - began)
        if outcome.result in {Result.FAILED, Result.FENCED}:
            self.queue.failed(name, now)  # a Lease that was lost for a moment loses no stream
            return
        after = outcome.again_after
        spread = self._rng.uniform(1 - _SPREAD, 1 + _SPREAD)
        self.queue.done(name, now, None if after is None else now + after * spread)

    async def _look(self, name: Name) -> Outcome:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._reconcile(name)
        except NotLeading:
            return Outcome(Result.FENCED)
        except KubeFault as fault:
            log.warning("look failed", stream=str(name), reason=fault.reason, problem=str(fault))
        except TimeoutError:
            log.error("look took too long", stream=str(name), seconds=DEADLINE_SECONDS)
        except Exception:  # one stream's bug is not to end the others'
            log.exception("look died", stream=str(name))
        return Outcome(Result.FAILED)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
