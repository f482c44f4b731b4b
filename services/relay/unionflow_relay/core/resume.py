"""What a client that comes back with a cursor is told.

This version keeps no history: whatever lies between the cursor and now is declared, range by
range, so that the client loads its state again. It is never silently short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unionflow_relay.core.cursor import Cursor
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.relayed import Lane

MAX_UNKNOWN_RANGES = 256


def missed(cursor: Cursor, now: Iterable[tuple[Lane, int]]) -> Sequence[TruncatedRange]:
    """The ranges that the client wants and cannot have; empty when it is up to date.

    now: every partition that this pod reads, with the next offset it will send.
    """
    known: set[str] = set()
    ranges: list[TruncatedRange] = []
    for lane, next_offset in now:
        known.add(lane.short_id)
        wanted = cursor.wanted(lane.short_id, lane.partition)
        if wanted < next_offset:
            reason = TruncationReason.NOT_SERVED
            ranges.append(TruncatedRange(lane.topic, lane.partition, wanted, next_offset, reason))
    return [*ranges, *_of_unknown_topics(cursor, known)]


def _of_unknown_topics(cursor: Cursor, known: set[str]) -> Sequence[TruncatedRange]:
    gone = [
        TruncatedRange(None, partition, wanted, 0, TruncationReason.TOPIC_REPLACED)
        for (topic, partition), wanted in cursor.next_offsets.items()
        if topic not in known
    ]
    return gone[:MAX_UNKNOWN_RANGES]
