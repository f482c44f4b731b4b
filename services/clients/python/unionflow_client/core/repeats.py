"""Which events came already: at least once on the wire becomes once for the program."""

from __future__ import annotations

from collections import deque


class Repeats:
    """The newest ids, at most `bound` of them; the oldest is forgotten first."""

    __slots__ = ("_ids", "_order")

    def __init__(self, bound: int) -> None:
        self._ids: set[str] = set()
        self._order: deque[str] = deque(maxlen=bound)

    def is_new(self, id: str) -> bool:
        """Whether it did not come yet; from now on it did. An empty id is always new."""
        if not id:
            return True
        if id in self._ids:
            return False
        if len(self._order) == self._order.maxlen:
            self._ids.discard(self._order[0])
        self._order.append(id)
        self._ids.add(id)
        return True
