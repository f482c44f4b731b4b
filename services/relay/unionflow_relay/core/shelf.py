"""What was read from Kafka a moment ago, for replays: who comes a little later finds it here.

A storm of clients does not come in one instant. Without this each convoy of them would read the
same hour again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from unionflow_relay.core.history import weight
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed, Slice

KEEP_SECONDS = 10.0
STRETCH_OVERHEAD_BYTES = 512  # of a stretch beside its records: it may have none
_by_start = attrgetter("start")
_by_offset = attrgetter("offset")


@dataclass(eq=False, slots=True)
class _Stretch:
    """All events of a lane from `start` up to `end`."""

    lane: Lane
    start: int
    end: int
    records: Sequence[Relayed]
    size: int
    used_at: float


class Shelf:
    """Stretches of the past, in at most `limit` bytes: what was not used for longest goes first.

    A single stretch is kept even where it alone is over the limit, so that its reader gets it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._size = 0
        self._lanes: dict[Lane, list[_Stretch]] = {}
        self._by_use: dict[_Stretch, None] = {}

    @property
    def size(self) -> int:
        """Bytes held, overhead included."""
        return self._size

    def put(self, lane: Lane, start: int, end: int, records: Sequence[Relayed], now: float) -> int:
        """Keep all events of `start` up to `end`; what it weighs. What is there already stays."""
        stretches = self._lanes.get(lane, [])
        at = bisect_left(stretches, start, key=_by_start)
        if end <= start or self.has(lane, start) or self.gap_end(lane, start, end) < end:
            return 0
        size = STRETCH_OVERHEAD_BYTES + sum(map(weight, records))
        stretch = _Stretch(lane, start, end, records, size, now)
        self._lanes.setdefault(lane, stretches).insert(at, stretch)
        self._by_use[stretch] = None
        self._size += size
        while self._size > self.limit and len(self._by_use) > 1:
            self._drop(next(iter(self._by_use)))
        return size

    def has(self, lane: Lane, offset: int) -> bool:
        """Whether it can be read on from here."""
        return self._find(lane, offset) is not None

    def gap_end(self, lane: Lane, offset: int, end: int) -> int:
        """How far a reader at an `offset` that is not here need read: to what is here, or `end`."""
        stretches = self._lanes.get(lane, [])
        following = bisect_right(stretches, offset, key=_by_start)
        return min(end, stretches[following].start) if following < len(stretches) else end

    def reading_from(self, reading: Mapping[Lane, int], max_bytes: int, now: float) -> Slice:
        """The next slice for a reader at `reading`; of a lane one stretch, to its end."""
        piece = Slice()
        for lane, offset in reading.items():
            if piece.size >= max_bytes:
                break
            stretch = self._find(lane, offset)
            if stretch is None:
                continue
            stretch.used_at = now
            self._by_use[stretch] = self._by_use.pop(stretch)
            records = stretch.records[bisect_left(stretch.records, offset, key=_by_offset) :]
            piece.records.extend(records)
            piece.progress[lane] = stretch.end
            piece.size += sum(len(record.encoded) for record in records)
        return piece

    def cut(self, lane: Lane, end: int) -> None:
        """The partition ends here now: what was beyond is no longer true."""
        for stretch in [s for s in self._lanes.get(lane, ()) if s.end > end]:
            self._drop(stretch)

    def forget(self, short_id: str) -> None:
        """The topic is gone."""
        for stretch in [s for s in self._by_use if s.lane.short_id == short_id]:
            self._drop(stretch)

    def expire(self, now: float) -> None:
        """Let go of what nobody has used for KEEP_SECONDS."""
        for stretch in list(self._by_use):
            if now - stretch.used_at < KEEP_SECONDS:
                return
            self._drop(stretch)

    def _find(self, lane: Lane, offset: int) -> _Stretch | None:
        stretches = self._lanes.get(lane, [])
        before = bisect_right(stretches, offset, key=_by_start) - 1
        if before < 0 or stretches[before].end <= offset:
            return None
        return stretches[before]

    def _drop(self, stretch: _Stretch) -> None:
        stretches = self._lanes[stretch.lane]
        stretches.remove(stretch)
        if not stretches:
            del self._lanes[stretch.lane]
        del self._by_use[stretch]
        self._size -= stretch.size
