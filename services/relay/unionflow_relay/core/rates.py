"""How often something may happen, by token buckets that are one number each.

The number is the moment at which the bucket will be full again (GCRA): nothing has to be refilled,
so ten thousand buckets cost nothing while they are not asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second` on average, and `burst` at once. Both above 0."""

    per_second: float
    burst: float

    def take(self, full_at: float, now: float, cost: float = 1.0) -> float | None:
        """Take from the bucket that is full at `full_at`: its new moment, None if it is too empty.

        now: seconds of the clock that `full_at` is of. A new bucket is full at 0 or before.
        """
        filled = max(full_at, now) + cost / self.per_second
        return filled if filled - now <= self.burst / self.per_second + 1e-9 else None


class Buckets(Generic[K]):
    """A bucket per key, for at most `most` keys: the one that was not asked for longest goes first.

    Whoever comes with ever new keys gets ever new buckets, and is left to the limit for all.
    """

    def __init__(self, pace: Pace, most: int) -> None:
        self._pace = pace
        self._most = most
        self._full_at: OrderedDict[K, float] = OrderedDict()

    def take(self, key: K, now: float) -> bool:
        """Take one from the key's bucket. False if it is empty."""
        full_at = self._pace.take(self._full_at.get(key, 0.0), now)
        if full_at is None:
            return False
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return True

    def __len__(self) -> int:
        return len(self._full_at)
