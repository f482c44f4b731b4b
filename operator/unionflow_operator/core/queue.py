"""Which stream is looked at next: every name once, in order, and not again too soon.

Level-triggered work needs no more than names: whoever takes one reads everything anew. So what is
asked for twice is one piece of work, and what is asked for while it is being done is done again.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import random

Key = TypeVar("Key", bound=Hashable)

FIRST_DELAY_SECONDS = 0.5
MAX_DELAY_SECONDS = 60.0
# Of so many turns one is routine's even where changes never cease: no resync starves.
_ROUTINE_EVERY = 4


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits. age: seconds that the oldest has been due."""

    due: int
    delayed: int
    working: int
    age: float


class WorkQueue(Generic[Key]):
    """Names that are due, that will be, and that are being worked on.

    Bounded by the number of streams: a name is in it once. When it is full it holds them all, and
    nothing is dropped. Changes go ahead of routine (resyncs and retries), FIFO within each.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._changed: OrderedDict[Key, float] = OrderedDict()
        self._routine: OrderedDict[Key, float] = OrderedDict()
        self._working: dict[Key, bool] = {}  # True: asked for again meanwhile
        self._delayed: list[tuple[float, int, Key]] = []
        self._due_at: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._sequence = 0
        self._turns = 0

    def add(self, key: Key, now: float) -> None:
        """Something about it changed: it is due."""
        if key in self._working:
            self._working[key] = True
            return
        since = self._routine.pop(key, now)
        self._due_at.pop(key, None)
        self._changed.setdefault(key, since)

    def add_later(self, key: Key, due_at: float) -> None:
        """It is due at `due_at` as routine, unless it is due or planned sooner."""
        if key in self._changed or key in self._routine:
            return
        planned = self._due_at.get(key)
        if planned is not None and planned <= due_at:
            return
        self._due_at[key] = due_at
        self._sequence += 1
        heapq.heappush(self._delayed, (due_at, self._sequence, key))

    def take(self, now: float) -> Key | None:
        """The next that is due, or None. It is not given again before `done` or `failed`."""
        self._promote(now)
        lanes = [self._changed, self._routine]
        self._turns += 1
        if self._turns % _ROUTINE_EVERY == 0:
            lanes.reverse()
        for lane in lanes:
            if lane:
                key, _ = lane.popitem(last=False)
                self._working[key] = False
                return key
        return None

    def next_due_at(self) -> float | None:
        """When the next that is only delayed will be due, or None."""
        while self._delayed and self._due_at.get(self._delayed[0][2]) != self._delayed[0][0]:
            heapq.heappop(self._delayed)
        return self._delayed[0][0] if self._delayed else None

    def done(self, key: Key, now: float, again_at: float | None) -> None:
        """It went well. again_at: when it is due again without anybody asking, None for never."""
        self._failures.pop(key, None)
        self._finish(key, now, again_at)

    def failed(self, key: Key, now: float) -> float:
        """It did not go well; how long it rests (seconds), doubling, capped, with jitter.

        A change that comes meanwhile makes it due at once.
        """
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        ceiling = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(failures, 16))
        delay = self._rng.uniform(ceiling / 2, ceiling)
        self._finish(key, now, now + delay)
        return delay

    def forget(self, key: Key) -> None:
        """It is gone: no plan and no failure of it is remembered."""
        self._failures.pop(key, None)
        self._due_at.pop(key, None)
        self._changed.pop(key, None)
        self._routine.pop(key, None)

    def depth(self, now: float) -> Depth:
        """How much waits."""
        waiting = [next(iter(lane.values())) for lane in (self._changed, self._routine) if lane]
        return Depth(
            due=len(self._changed) + len(self._routine),
            delayed=len(self._due_at),
            working=len(self._working),
            age=max((now - since for since in waiting), default=0.0),
        )

    def _finish(self, key: Key, now: float, again_at: float | None) -> None:
        asked_again = self._working.pop(key, False)
        if asked_again:
            self.add(key, now)  # which ends what was planned for it meanwhile
        elif again_at is not None:
            self.add_later(key, again_at)

    def _promote(self, now: float) -> None:
        while (due_at := self.next_due_at()) is not None and due_at <= now:
            _, _, key = heapq.heappop(self._delayed)
            del self._due_at[key]
            if key in self._working:
                self._working[key] = True
            else:
                self._routine.setdefault(key, due_at)
