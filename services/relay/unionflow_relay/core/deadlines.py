"""Who has waited too long, found by a sweep: no timer per member, and coarse to half the time."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

M = TypeVar("M", bound=Hashable)


class Deadlines(Generic[M]):
    """Members that are let go after between half of `seconds` and all of them."""

    def __init__(self, seconds: int) -> None:
        self._half = max(1, seconds // 2)
        self._elapsed = 0
        self._newer: dict[M, None] = {}
        self._older: dict[M, None] = {}

    def add(self, member: M) -> None:
        """The member's time runs from now."""
        self._newer[member] = None

    def discard(self, member: M) -> None:
        """The member was in time. One who is not there is no error."""
        self._newer.pop(member, None)
        self._older.pop(member, None)

    def oldest(self) -> M | None:
        """Who has waited longest; None where nobody waits."""
        return next(iter(self._older or self._newer), None)

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def turn(self) -> Sequence[M]:
        """A second has passed: the members whose time is over, each once."""
        self._elapsed += 1
        if self._elapsed < self._half:
            return ()
        self._elapsed = 0
        overdue = tuple(self._older)
        self._older, self._newer = self._newer, {}
        return overdue
