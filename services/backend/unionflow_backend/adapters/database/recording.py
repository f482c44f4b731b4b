"""Notes what has happened, in the transaction in which it happens: the seam to the outbox.

An event's number is taken under a lock on its lane's row, held until the transaction ends. So no
number is ever seen before a smaller one of the same lane: a publisher that goes by number skips
nothing that commits late.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import activities, lanes, outbox
from unionflow_backend.core.announcements import ActivityLine, Announcement
from unionflow_events import new_event, uuid7
from unionflow_events.identity import RANDOM_BYTES
from unionflow_runtime.core.traces import CAUSE

COMMON_LANE: Final = "*"
"""The lane of what is no organisation's."""
PENDING: Final = "PENDING"


def new_id(now_ms: int) -> str:
    """An id for something new: a UUIDv7, so that ids sort by age."""
    return uuid7(now_ms, secrets.token_bytes(RANDOM_BYTES))


async def record(
    connection: AsyncConnection,
    now_ms: int,
    lane: str,
    announcements: Sequence[Announcement],
    activity: ActivityLine | None = None,
) -> None:
    """Put announcements into the outbox, and an activity with its own announcement after them.

    Call it last in a transaction: from here on all others of the same lane wait.

    lane: an organisation's id, or COMMON_LANE.

    Raises:
        InvalidPayload: an announcement may not be published; the transaction is to be rolled back.
    """
    said = list(announcements)
    if activity is not None:
        said.append(await _write_activity(connection, now_ms, lane, activity))
    first = await _take_numbers(connection, lane, len(said)) + 1
    rows = [outbox_row(lane, first + place, now_ms, one) for place, one in enumerate(said)]
    await connection.execute(insert(outbox), rows)


async def _take_numbers(connection: AsyncConnection, lane: str, count: int) -> int:
    """Lock the lane and take `count` numbers; returns the last one before them."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    first = insert(lanes).values(lane=lane, number=count)
    further = first.on_conflict_do_update(
        index_elements=[lanes.c.lane], set_={"number": lanes.c.number + count}
    )
    last = (await connection.execute(further.returning(lanes.c.number))).scalar_one()
    return int(last) - count


async def _write_activity(
    connection: AsyncConnection, now_ms: int, lane: str, activity: ActivityLine
) -> Announcement:
    line_id = new_id(now_ms)
    values = {
        "id": line_id,
        "organization_id": lane,
        "kind": activity.kind,
        "actor": activity.actor,
        "subject_id": activity.subject_id,
        "text": activity.text,
        "created_at": now_ms,
    }
    await connection.execute(insert(activities).values(values))
    return activity.announcement(line_id, lane, now_ms)


def outbox_row(
    lane: str, number: int, now_ms: int, announcement: Announcement
) -> dict[str, object]:
    """A row of the outbox that waits. Raises InvalidPayload."""
    event_id = new_id(now_ms)
    # Made here so that what cannot be published is refused now, and not when nobody listens.
    event = new_event(
        announcement.event_type,
        data=announcement.data,
        organization_id=announcement.organization_id,
        user_id=announcement.user_id,
        id=event_id,
        timestamp_ms=now_ms,
        traceparent=CAUSE.get(),
    )
    return {
        "id": event_id,
        "lane": lane,
        "number": number,
        "event_type": event.event_type,
        "organization_id": event.organization_id,
        "user_id": event.user_id,
        "data": orjson.dumps(event.data).decode(),
        "timestamp_ms": now_ms,
        "status": PENDING,
        "attempts": 0,
        "traceparent": event.traceparent,
    }
