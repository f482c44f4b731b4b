"""What whoever looks at a dashboard is shown, counted again only where something has changed.

Every change of an organisation takes a number in its lane, in the same transaction: as long as the
number is the same, and the day, so is what is counted. Of 50,000 members that spares 30 ms.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import lanes

MAX_KEPT: Final = 1_000
"""Organisations; the one that was looked at longest ago goes first."""
_DAY_MS: Final = 86_400_000


Counted = TypeVar("Counted")
Count = Callable[[AsyncConnection, str, int], Awaitable[Counted | None]]
"""Of a connection, an organisation's id, and the time in milliseconds. None: no such one."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Counted]):
    number: int
    day: int
    value: Counted


class Fresh(Generic[Counted]):
    """Remembers what was counted, with the number up to which it counts."""

    def __init__(self, count: Count[Counted]) -> None:
        self._count = count
        self._kept: OrderedDict[str, _Kept[Counted]] = OrderedDict()
        self._counting: dict[str, asyncio.Lock] = {}

    async def of(
        self, connection: AsyncConnection, organization_id: str, now_ms: int
    ) -> Counted | None:
        """What there is as of now; None where there is no such organisation."""
        number = await _number(connection, organization_id)
        day = now_ms // _DAY_MS
        known = self._known(organization_id, number, day)
        if known is not None:
            return known
        lock = self._counting.setdefault(organization_id, asyncio.Lock())
        async with lock:  # whoever comes meanwhile takes what is counted now
            try:
                known = self._known(organization_id, number, day)
                if known is not None:
                    return known
                return await self._count_anew(connection, organization_id, now_ms)
            finally:
                self._counting.pop(organization_id, None)

    async def _count_anew(
        self, connection: AsyncConnection, organization_id: str, now_ms: int
    ) -> Counted | None:
        # Read before the count: that may hold more than the number says, never less.
        number = await _number(connection, organization_id)
        found = await self._count(connection, organization_id, now_ms)
        if found is not None:
            self._kept[organization_id] = _Kept(number, now_ms // _DAY_MS, found)
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found

    def _known(self, organization_id: str, number: int, day: int) -> Counted | None:
        kept = self._kept.get(organization_id)
        if kept is None or kept.number < number or kept.day != day:
            return None
        self._kept.move_to_end(organization_id)
        return kept.value


async def _number(connection: AsyncConnection, organization_id: str) -> int:
    query = select(lanes.c.number).where(lanes.c.lane == organization_id)
    return int((await connection.execute(query)).scalar_one_or_none() or 0)
