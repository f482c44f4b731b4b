"""Says which of many like faults are worth a line in the log."""

from __future__ import annotations


class Sampler:
    """One per key and period; the others are counted. Keys must be few: they are kept."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._last: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def take(self, key: str, now: float) -> int | None:
        """How many went unsaid since the last sample, or None if this one is to go unsaid too.

        now: seconds of a monotonic clock.
        """
        last = self._last.get(key)
        if last is not None and now - last < self._period:
            self._unsaid[key] = self._unsaid.get(key, 0) + 1
            return None
        self._last[key] = now
        return self._unsaid.pop(key, 0)
