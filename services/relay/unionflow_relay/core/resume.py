"""What a client that comes back with a cursor wants, and what of it Kafka no longer has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

    requested: what was asked, by lane: the cursor of `welcome`. Topics that are gone are in it, so
    that a client cut off before it reads of them will be told when it comes again. wanted: where
    to read from, which is later where `gaps` says that records are gone.
    """

    requested: Mapping[Lane, int]
    wanted: Mapping[Lane, int]
    gaps: Sequence[TruncatedRange]


def names_unknown_lanes(cursor: Cursor, now: Iterable[Standing]) -> bool:
    """Whether to look at Kafka's metadata again before a topic is called gone.

    A partition that another pod has found and this one has not is looked for too: without it the
    client would get again what it has of it.
    """
    known = {(standing.lane.short_id, standing.lane.partition) for standing in now}
    return bool(cursor.next_offsets.keys() - known)


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
    known = {standing.lane.short_id: standing.lane.topic for standing in now}
    requested |= _unknown_lanes(cursor, known)
    return ResumePlan(requested, wanted, [*gaps, *_unknown_ranges(cursor, known, requested)])


def _unknown_lanes(cursor: Cursor, known: Collection[str]) -> Mapping[Lane, int]:
    """Partitions of topics that are gone, as a cursor says them: from 0 without a gap.

    A client may have named some by position alone; those before them it wanted from 0.
    """
    lanes: dict[Lane, int] = {}
    counts: dict[str, int] = {}
    for (topic, partition), offset in sorted(cursor.next_offsets.items()):
        if topic in known:
            continue
        unnamed = range(counts.get(topic, 0), partition)
        if len(lanes) + len(unnamed) >= MAX_UNKNOWN_RANGES:
            break
        lanes |= {Lane("", topic, number): 0 for number in unnamed}
        lanes[Lane("", topic, partition)] = offset
        counts[topic] = partition + 1
    return lanes


def _unknown_ranges(
    cursor: Cursor, known: Mapping[str, str], requested: Mapping[Lane, int]
) -> Sequence[TruncatedRange]:
    """What the cursor names and Kafka does not have: topics that are gone, partitions beyond."""
    followed = {(lane.short_id, lane.partition) for lane in requested if lane.topic}
    gone = [
        TruncatedRange(known.get(topic), partition, wanted, 0, _reason(topic in known))
        for (topic, partition), wanted in cursor.next_offsets.items()
        if (topic, partition) not in followed
    ]
    return gone[:MAX_UNKNOWN_RANGES]


def _reason(topic_is_known: bool) -> TruncationReason:
    return TruncationReason.BEYOND_END if topic_is_known else TruncationReason.TOPIC_REPLACED
