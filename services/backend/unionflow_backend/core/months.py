"""What contributions come to, month by month: a small chart of how well a society pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MONTHS: Final = 12
"""How many a chart has, with the present one."""


@dataclass(frozen=True, slots=True)
class Month:
    """What has fallen due in a month, or will. Amounts are in the currency's smallest unit.

    month: such as `2026-11`. due: of all contributions of the month; paid: what of it is paid.
    """

    month: str
    due: int = 0
    paid: int = 0


def last_months(now_ms: int) -> Sequence[str]:
    """The last twelve months, oldest first. now_ms: milliseconds since 1970."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC)
    present = today.year * 12 + today.month - 1
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(present - MONTHS + 1, present + 1)]


def filled(counted: Mapping[str, Month], months: Sequence[str]) -> Sequence[Month]:
    """Each of the months, those too in which nothing fell due; none before the first that did."""
    all_of_them = [counted.get(month, Month(month)) for month in months]
    first = next((at for at, one in enumerate(all_of_them) if one.due), len(all_of_them))
    return all_of_them[first:]
