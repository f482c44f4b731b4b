"""Whose figures may have changed, and putting what is new of them into the outbox: many at once.

An organisation's own row of figures notes how far its lane was when they were read. What it says
goes into the same lane, which is then longer by that: this alone is no change of figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.many import put_many
from unionflow_backend.adapters.database.recording import outbox_row
from unionflow_backend.adapters.database.tables import lanes, organizations, outbox, statistics
from unionflow_backend.core.announcements import Announcement
from unionflow_backend.core.statistics import ASKED_MS, Told
from unionflow_events import EventType


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation to look at. number: how far its lane is."""

    organization_id: str
    number: int
    told: Told


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate with what its figures are now, and what is to be said of them."""

    candidate: Candidate
    said: Mapping[str, Any]
    announcements: Sequence[Announcement]


async def candidates(
    connection: AsyncConnection, now_ms: int, *, everyone: bool = False
) -> Sequence[Candidate]:
    """Those where something has happened since, and those that somebody looks at; or everyone."""
    seen = func.coalesce(statistics.c.seen_number, -1)
    statement = (
        select(lanes.c.lane, lanes.c.number, statistics.c.figures, statistics.c.published_ms)
        .join(organizations, organizations.c.id == lanes.c.lane)
        .outerjoin(statistics, statistics.c.organization_id == lanes.c.lane)
        .where(
            or_(literal(everyone), lanes.c.number > seen, statistics.c.asked_ms > now_ms - ASKED_MS)
        )
        .order_by(lanes.c.lane)
    )
    return [
        Candidate(lane, number, Told(orjson.loads(said) if said else None, published or 0))
        for lane, number, said, published in await connection.execute(statement)
    ]


async def tell(connection: AsyncConnection, findings: Sequence[Finding], now_ms: int) -> None:
    """Put what is new into the outbox, and note for all how far they were looked at."""
    last = await _take_numbers(connection, findings)
    rows = []
    for finding in findings:
        lane = finding.candidate.organization_id
        first = last.get(lane, 0) - len(finding.announcements) + 1
        rows += [
            outbox_row(lane, first + place, now_ms, one)
            for place, one in enumerate(finding.announcements)
        ]
    if rows:
        await put_many(connection, outbox, rows)
    await _note(connection, findings, last, now_ms)


async def _take_numbers(
    connection: AsyncConnection, findings: Sequence[Finding]
) -> Mapping[str, int]:
    """Lock the lanes, always in the same order, and take their numbers; the last of each."""
    counts = {f.candidate.organization_id: len(f.announcements) for f in findings}
    by_count: defaultdict[int, list[str]] = defaultdict(list)
    for lane, count in counts.items():
        if count:
            by_count[count].append(lane)
    wanted = sorted(lane for lane, count in counts.items() if count)
    lock = select(lanes.c.lane).where(lanes.c.lane.in_(wanted)).order_by(lanes.c.lane)
    await connection.execute(lock.with_for_update())
    last: dict[str, int] = {}
    for count, some in by_count.items():
        taken = (
            update(lanes)
            .where(lanes.c.lane.in_(some))
            .values(number=lanes.c.number + count)
            .returning(lanes.c.lane, lanes.c.number)
        )
        last.update((lane, number) for lane, number in await connection.execute(taken))
    return last


async def _note(
    connection: AsyncConnection,
    findings: Sequence[Finding],
    last: Mapping[str, int],
    now_ms: int,
) -> None:
    rows = [_noted(one, last, now_ms) for one in findings]
    await put_many(connection, statistics, rows, replace=("figures", "published_ms", "seen_number"))


def _noted(finding: Finding, last: Mapping[str, int], now_ms: int) -> Mapping[str, Any]:
    candidate = finding.candidate
    number = last.get(candidate.organization_id, candidate.number)
    nothing_between = number == candidate.number + len(finding.announcements)
    said_all = any(
        one.event_type is EventType.DASHBOARD_STATS_UPDATED for one in finding.announcements
    )
    return {
        "organization_id": candidate.organization_id,
        "figures": orjson.dumps(finding.said).decode(),
        "published_ms": now_ms if said_all else candidate.told.published_ms,
        "seen_number": number if nothing_between else candidate.number,
    }
