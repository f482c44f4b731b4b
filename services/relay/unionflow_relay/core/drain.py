"""Who is told to go, when, and when to come back: a pod's clients leave at an even rate.

Everyone has a slot of one length and goes at a chance moment within it, so that in any second the
other pods are met by the same number of reconnects, and never by two waves at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import random

M = TypeVar("M", bound=Hashable)

LEAST_AFTER_MS = 2_000  # of the wire: no client is told to come back sooner
PATIENCE_SECONDS = 2.0  # after its moment, for a client that leaves by itself over a slow network
ANNOUNCED_A_TURN = 500  # bounds what a turn costs: each has a frame of its own
_FIRST_SECONDS = LEAST_AFTER_MS / 1000
SHORTEST_SECONDS = 3.0  # below, there is no room for an even rate after the first moment


@dataclass(frozen=True, slots=True)
class Announce(Generic[M]):
    """Tell a client to come back after so many milliseconds, and serve it until then."""

    member: M
    after_ms: int


@dataclass(frozen=True, slots=True)
class Dismiss(Generic[M]):
    """Close a client's connection: its moment has come, or has passed without its going."""

    member: M


Step = Announce[M] | Dismiss[M]


class Drain(Generic[M]):
    """One drain from its first turn to its end. It needs a turn several times a second.

    told: clients that understand an announcement. untold: those that do not, or that cannot be
    told yet. seconds: how long the drain may take; below SHORTEST_SECONDS all are dismissed at
    once. now: seconds of a monotonic clock.
    """

    def __init__(
        self,
        told: Sequence[M],
        untold: Sequence[M],
        seconds: float,
        now: float,
        rng: random.Random,
    ) -> None:
        everyone = [*((m, True) for m in told), *((m, False) for m in untold)]
        rng.shuffle(everyone)
        paced = seconds >= SHORTEST_SECONDS
        first = now + _FIRST_SECONDS if paced else now
        width = (seconds - _FIRST_SECONDS) / max(1, len(everyone)) if paced else 0.0
        self._unannounced: deque[tuple[float, M]] = deque()
        leaving: list[tuple[float, M]] = []
        for slot, (member, hears) in enumerate(everyone):
            moment = first + (slot + rng.random()) * width
            if hears and paced:
                self._unannounced.append((moment, member))
                leaving.append((moment + PATIENCE_SECONDS, member))
            else:
                leaving.append((moment, member))
        leaving.sort(key=lambda one: one[0])
        self._leaving = deque(leaving)

    @property
    def over(self) -> bool:
        """True once everyone was dismissed; who left before was dismissed in vain."""
        return not self._leaving

    def on_turn(self, now: float) -> list[Step[M]]:
        """What is due. Each client is announced at most once and dismissed once, in this order."""
        steps: list[Step[M]] = []
        while self._unannounced and len(steps) < ANNOUNCED_A_TURN:
            moment, member = self._unannounced.popleft()
            steps.append(Announce(member, max(LEAST_AFTER_MS, round((moment - now) * 1000))))
        while self._leaving and self._leaving[0][0] <= now:
            steps.append(Dismiss(self._leaving.popleft()[1]))
        return steps
