"""What the operator remembers of a stream from one look to the next; a restart may forget it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from unionflow_operator.core.observed import ChildKey, Fault, FaultKind

CONTESTED_TIMES = 3
_APART_SECONDS = 1.0  # a cache that lags behind our own write undoes nothing


@dataclass(slots=True)
class Memory:
    """Of one stream."""

    faults: tuple[Fault, ...] = ()
    foreign: set[ChildKey] = field(default_factory=set)
    _changes: Sequence[str] = ()
    _times: int = 0
    _last_at: float = 0.0

    def carried_out(self, changes: Sequence[str], now: float) -> None:
        """These changes were made without a fault. now: monotonic seconds.

        The same ones again and again mean that somebody undoes them.
        """
        if changes != self._changes:
            self._changes, self._times = changes, 0
            self._last_at = float("-inf")
        if changes and now - self._last_at >= _APART_SECONDS:
            self._times += 1
            self._last_at = now
        if self._times >= CONTESTED_TIMES:
            what = changes[0]
            message = f"somebody undoes it each time: {what}; find out who, or say so in the spec"
            self.faults = (Fault("stream", FaultKind.CONTESTED, message),)
        else:
            self.faults = ()
