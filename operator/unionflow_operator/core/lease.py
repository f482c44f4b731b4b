"""Who leads, and until when it may write: decided from a Lease that all replicas see.

Clocks of machines differ, so no time in the Lease is compared with ours: what counts is how long
ago *we* saw it change. A leader counts from before it asked to renew, a follower from after it saw
the renewal; the leader stops FENCE seconds after its own, the follower waits out DURATION of its
own, and so the first has stopped before the second may start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DURATION_SECONDS = 15.0
FENCE_SECONDS = 10.0
RENEW_SECONDS = 3.0
RETRY_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """What the Lease says. holder: empty when it was given up."""

    holder: str
    renew_time: str
    transitions: int
    duration: float


class Move(Enum):
    """What to do about the Lease now."""

    CREATE = "create"
    TAKE = "take"
    RENEW = "renew"
    WAIT = "wait"


class Watcher:
    """What one replica knows of the Lease. `now`: a monotonic clock's seconds."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self._mark: tuple[str, str, int] | None = None
        self._changed_at = 0.0

    def decide(self, seen: LeaseSeen | None, now: float) -> Move:
        """What to do, having just seen this; None: there is no Lease."""
        if seen is None:
            self._mark = None
            return Move.CREATE
        mark = (seen.holder, seen.renew_time, seen.transitions)
        if mark != self._mark:
            self._mark = mark
            self._changed_at = now
        if seen.holder == self.identity:
            return Move.RENEW
        if not seen.holder or now - self._changed_at >= max(seen.duration, DURATION_SECONDS):
            return Move.TAKE
        return Move.WAIT


class Fence:
    """Until when this replica may write. Every write asks before it is sent."""

    __slots__ = ("_until",)

    def __init__(self, until: float = 0.0) -> None:
        """until: `math.inf` for an operator that is alone by declaration."""
        self._until = until

    def renewed(self, asked_at: float) -> None:
        """The Lease is ours, by a request that began at `asked_at`."""
        self._until = max(self._until, asked_at + FENCE_SECONDS)

    def drop(self) -> None:
        """No more writes from now on."""
        self._until = 0.0

    def left(self, now: float) -> float:
        """Seconds for which this replica may still write; 0 when it may not."""
        return max(0.0, self._until - now)
