"""What a client that comes back with a cursor wants, and what of it Kafka no longer has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unionflow_relay.core.cursor import EVERYTHING_RETAINED, Cursor
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.lanes import Lane

MAX_UNKNOWN_RANGES = 256


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition as this pod knows it: what Kafka still has from `earliest` to `live`."""

    lane: Lane
    earliest: int
    live: int


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """The answer to a cursor.

    requested: what was asked, by lane: the cursor of `welcome`. wanted: where to read from, which
    is later where `gaps` says that records are gone.
    """

    requested: Mapping[Lane, int]
    wanted: Mapping[Lane, int]
    gaps: Sequence[TruncatedRange]


def names_unknown_topics(cursor: Cursor, now: Iterable[Standing]) -> bool:
    """Whether to look at Kafka's metadata again before a topic is called gone."""
    return bool(cursor.topics - {standing.lane.short_id for standing in now})


def plan_resume(cursor: Cursor, now: Sequence[Standing]) -> ResumePlan:
    """Hold a cursor against every partition that this pod follows.

    A partition that the cursor does not name is new to the client and wanted from offset 0, or
    from the earliest there is when everything retained is asked for: then nothing is missing.
    """
    requested: dict[Lane, int] = {}
    wanted: dict[Lane, int] = {}
    gaps: list[TruncatedRange] = []
    for standing in now:
        lane = standing.lane
        if cursor is EVERYTHING_RETAINED:
            requested[lane] = wanted[lane] = standing.earliest
            continue
        offset = requested[lane] = cursor.wanted(lane.short_id, lane.partition)
        wanted[lane] = max(offset, standing.earliest)
        if offset < standing.earliest:
            gaps.append(
                TruncatedRange(
                    lane.topic,
                    lane.partition,
                    offset,
                    standing.earliest,
                    TruncationReason.RETENTION,
                )
            )
    known = {standing.lane.short_id for standing in now}
    return ResumePlan(requested, wanted, [*gaps, *_of_unknown_topics(cursor, known)])


def _of_unknown_topics(cursor: Cursor, known: set[str]) -> Sequence[TruncatedRange]:
    gone = [
        TruncatedRange(None, partition, wanted, 0, TruncationReason.TOPIC_REPLACED)
        for (topic, partition), wanted in cursor.next_offsets.items()
        if topic not in known
    ]
    return gone[:MAX_UNKNOWN_RANGES]
