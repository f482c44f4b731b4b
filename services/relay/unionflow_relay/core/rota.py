"""Whose turn it is: members spread over the seconds of a period, so that nobody needs a timer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

M = TypeVar("M", bound=Hashable)


class Rota(Generic[M]):
    """Each member's turn comes once a period. Adding and removing take O(1)."""

    def __init__(self, period: int) -> None:
        self._shifts: list[dict[M, None]] = [{} for _ in range(period)]
        self._shift_of: dict[M, int] = {}
        self._next = 0
        self._newest = 0

    def add(self, member: M) -> None:
        """Give a member a turn; members that come together are spread evenly."""
        self._newest = (self._newest + 1) % len(self._shifts)
        self._shifts[self._newest][member] = None
        self._shift_of[member] = self._newest

    def remove(self, member: M) -> None:
        """Forget a member. One who is not there is no error."""
        shift = self._shift_of.pop(member, None)
        if shift is not None:
            del self._shifts[shift][member]

    def turn(self) -> Sequence[M]:
        """A second has passed: those whose turn it is."""
        due = tuple(self._shifts[self._next])
        self._next = (self._next + 1) % len(self._shifts)
        return due
