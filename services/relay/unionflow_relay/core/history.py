"""The newest records of every partition, in memory, for clients that come back soon.

One ring over all partitions together: its bound is in bytes, and the oldest record to arrive is
the first to go, whichever partition it is of. What it no longer has is read from Kafka.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed, Slice

RECORD_OVERHEAD_BYTES = 512  # measured: what a record's objects take beside its bytes
_COMPACT_AT = 1_024
_by_offset = attrgetter("offset")
_GONE: Any = None  # in place of a record that was dropped: a record may have a megabyte


class _Ring:
    """One partition's records; those before `head` are gone."""

    __slots__ = ("alive", "end", "head", "records", "start")

    def __init__(self, start: int) -> None:
        self.records: list[Relayed] = []
        self.head = 0
        self.start = start
        self.end = start
        self.alive = True

    def drop_oldest(self) -> Relayed:
        record = self.records[self.head]
        self.records[self.head] = _GONE
        self.head += 1
        self.start = record.offset + 1
        if self.head >= _COMPACT_AT and self.head * 2 > len(self.records):
            del self.records[: self.head]
            self.head = 0
        return record


class History:
    """Records from `start(lane)` up to `end(lane)`, without a gap. `limit`: bytes for all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._rings: dict[Lane, _Ring] = {}
        self._arrivals: deque[_Ring] = deque()

    @property
    def size(self) -> int:
        """Bytes held, overhead included; at most the limit after every call."""
        return self._size

    def follow(self, lane: Lane, next_offset: int) -> None:
        """Records of one more partition will come, from `next_offset` on."""
        self._rings[lane] = _Ring(next_offset)

    def append(self, piece: Slice) -> None:
        """Keep a slice that follows on what is there. A lane that is not followed is no error."""
        for record in piece.records:
            ring = self._rings.get(record.lane)
            if ring is not None:
                ring.records.append(record)
                self._arrivals.append(ring)
                self._size += weight(record)
        for lane, next_offset in piece.progress.items():
            if lane in self._rings:
                self._rings[lane].end = next_offset
        while self._size > self._limit:
            ring = self._arrivals.popleft()
            if ring.alive:
                self._size -= weight(ring.drop_oldest())

    def skip(self, lane: Lane, next_offset: int) -> None:
        """Records before `next_offset` are gone from Kafka: nothing joins what is held to it."""
        self._bury(lane)
        self._rings[lane] = _Ring(next_offset)

    def forget(self, short_id: str) -> None:
        """The topic is gone."""
        for lane in [lane for lane in self._rings if lane.short_id == short_id]:
            self._bury(lane)
            del self._rings[lane]

    def start(self, lane: Lane) -> int:
        """The first offset that can be read from here. Raises KeyError if it is not followed."""
        return self._rings[lane].start

    def end(self, lane: Lane) -> int:
        """The next offset to come. Raises KeyError if it is not followed."""
        return self._rings[lane].end

    def read(self, lane: Lane, offset: int, max_bytes: int) -> tuple[Sequence[Relayed], int]:
        """Records from `offset` on, of at least `max_bytes` or to the end, and what follows.

        Raises:
            KeyError: the lane is not followed.
            ValueError: `offset` lies before `start`.
        """
        ring = self._rings[lane]
        if offset < ring.start:
            raise ValueError(f"offset {offset} of {lane} is before {ring.start}")
        first = bisect_left(ring.records, offset, lo=ring.head, key=_by_offset)
        size = 0
        for index in range(first, len(ring.records)):
            size += len(ring.records[index].encoded)
            if size >= max_bytes:
                return ring.records[first : index + 1], ring.records[index].offset + 1
        return ring.records[first:], max(offset, ring.end)

    def _bury(self, lane: Lane) -> None:
        ring = self._rings.get(lane)
        if ring is not None:
            ring.alive = False
            self._size -= sum(weight(record) for record in ring.records[ring.head :])
            ring.records.clear()  # the ring itself lives on in the arrivals until its turn comes


def weight(record: Relayed) -> int:
    """Bytes that a record takes while it is kept."""
    return RECORD_OVERHEAD_BYTES + len(record.encoded) + len(record.subject or b"")


def reading_from(history: History, reading: Mapping[Lane, int], max_bytes: int) -> Slice:
    """The next slice for a reader that stands at `reading`, of every lane that memory can serve."""
    piece = Slice()
    for lane, offset in reading.items():
        if piece.size >= max_bytes:
            break
        if not history.start(lane) <= offset < history.end(lane):
            continue
        records, next_offset = history.read(lane, offset, max_bytes - piece.size)
        piece.records.extend(records)
        piece.progress[lane] = next_offset
        piece.size += sum(len(record.encoded) for record in records)
    return piece
