"""Whether a pod is current: each partition has lately reached what was its end not long ago.

A number of records says little: at a thousand a second, a thousand behind is one second. So what is
asked is how long it takes to get to an end that was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from unionflow_relay.core.lanes import Lane

MAX_LAG_SECONDS = 10.0


class Progress(NamedTuple):
    """A partition, the next offset to be taken of it, and its end as its last fetch had it."""

    lane: Lane
    next_offset: int
    end: int


class Lag:
    """The end that each partition is on its way to, and since when."""

    def __init__(self) -> None:
        self._goals: dict[Lane, tuple[int, float]] = {}

    def behind(self, progress: Iterable[Progress], now: float) -> list[Lane]:
        """Partitions that have not reached in MAX_LAG_SECONDS what was then their end.

        To be asked every second or so. now: seconds of a monotonic clock.
        """
        goals: dict[Lane, tuple[int, float]] = {}
        late: list[Lane] = []
        for lane, next_offset, end in progress:
            goal, since = self._goals.get(lane, (end, now))
            if next_offset >= goal:
                goal, since = end, now
            goals[lane] = (goal, since)
            if next_offset < goal and now - since > MAX_LAG_SECONDS:
                late.append(lane)
        self._goals = goals
        return late
