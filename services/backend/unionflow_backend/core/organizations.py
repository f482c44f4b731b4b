"""A mutual society or association, and how many people must approve what its money does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from unionflow_backend.errors import Unprocessable

MAX_LEVELS: Final = 10
MAX_APPROVERS: Final = 10


@dataclass(frozen=True, slots=True)
class Level:
    """From this amount on (smallest unit of the currency) so many different people approve."""

    from_amount: int
    approvers: int


ONE_APPROVER: Final = (Level(0, 1),)


@dataclass(frozen=True, slots=True)
class Organization:
    """An organisation as it is kept. Times are milliseconds since 1970."""

    id: str
    name: str
    currency: str
    approval_levels: tuple[Level, ...]
    created_at: int
    updated_at: int
    version: int = 1

    def approvals_needed(self, amount: int) -> int:
        """How many different people must approve this amount."""
        fitting = [level for level in self.approval_levels if level.from_amount <= amount]
        return fitting[-1].approvers if fitting else 1

    def changed(
        self, now: int, *, name: str | None = None, levels: tuple[Level, ...] | None = None
    ) -> Organization:
        """The organisation with what is given put in place of what it has."""
        return replace(
            self,
            name=self.name if name is None else name,
            approval_levels=self.approval_levels if levels is None else levels,
            updated_at=now,
            version=self.version + 1,
        )


def require_levels(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Levels in the order of their amounts.

    Raises:
        Unprocessable: two begin at one amount, or a larger amount needs fewer people.
    """
    ordered = tuple(sorted(levels, key=lambda level: level.from_amount))
    for lower, higher in pairwise(ordered):
        if lower.from_amount == higher.from_amount or lower.approvers >= higher.approvers:
            what = "a level begins at a larger amount than the one before, and needs more people"
            raise Unprocessable(f"approvalLevels: {what}", [("approvalLevels", what)])
    return ordered or ONE_APPROVER
