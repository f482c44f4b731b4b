"""What was read from Kafka a moment ago: exact in what it has, bounded, and gone when unused."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.relay.model import relayed
from unionflow_events import EVERYONE
from unionflow_relay.core.history import weight
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed
from unionflow_relay.core.shelf import KEEP_SECONDS, STRETCH_OVERHEAD_BYTES, Shelf

A0, A1 = (Lane("a", "aaaaaaaa", number) for number in range(2))
B0 = Lane("b", "bbbbbbbb", 0)
LANES = (A0, A1, B0)
END = 30
AMPLE = 10**9
lanes = st.sampled_from(LANES)
offsets = st.integers(0, END)


def records_of(lane: Lane, start: int, end: int) -> list[Relayed]:
    """Every third offset holds no event: a marker, or what was aborted."""
    return [
        relayed(EVERYONE, "KPI_UPDATED", offset, "x" * (offset * 7), lane=lane)
        for offset in range(start, end)
        if offset % 3
    ]


class AgainstStretches(RuleBasedStateMachine):
    """The stretches in the order of their use; each with the second of it."""

    @initialize(limit=st.sampled_from((0, 2_000, 9_000, 10**6)))
    def begin(self, limit: int) -> None:
        self.shelf = Shelf(limit)
        self.now = 0.0
        self.there: list[tuple[Lane, int, int, float]] = []

    @rule(lane=lanes, start=offsets, length=st.integers(0, 9))
    def put(self, lane: Lane, start: int, length: int) -> None:
        end = start + length
        records = records_of(lane, start, end)
        size = STRETCH_OVERHEAD_BYTES + sum(map(weight, records))
        overlaps = any(at < end and start < to for where, at, to, _ in self.there if where == lane)
        fits_in = end > start and not overlaps
        assert self.shelf.put(lane, start, end, records, self.now) == (size if fits_in else 0)
        if fits_in:
            self.there.append((lane, start, end, self.now))
            while self._weight() > self.shelf.limit and len(self.there) > 1:
                self.there.pop(0)

    @rule(
        reading=st.dictionaries(lanes, offsets),
        most=st.sampled_from((1, 500, AMPLE)),
    )
    def read(self, reading: dict[Lane, int], most: int) -> None:
        piece = self.shelf.reading_from(reading, most, self.now)
        size = 0
        for lane, offset in reading.items():
            found = [one for one in self.there if one[0] == lane and one[1] <= offset < one[2]]
            if not found or size >= most:
                assert lane not in piece.progress
                continue
            (stretch,) = found
            self.there.remove(stretch)
            self.there.append((*stretch[:3], self.now))
            assert piece.progress[lane] == stretch[2]
            mine = [record for record in piece.records if record.lane == lane]
            due = records_of(lane, offset, stretch[2])
            assert [(r.offset, r.encoded) for r in mine] == [(r.offset, r.encoded) for r in due]
            size += sum(len(record.encoded) for record in mine)
        assert piece.size == size

    @rule(lane=lanes, end=offsets)
    def cut(self, lane: Lane, end: int) -> None:
        self.shelf.cut(lane, end)
        self.there = [s for s in self.there if s[0] != lane or s[2] <= end]

    @rule(short_id=st.sampled_from(("aaaaaaaa", "bbbbbbbb", "cccccccc")))
    def forget(self, short_id: str) -> None:
        self.shelf.forget(short_id)
        self.there = [s for s in self.there if s[0].short_id != short_id]

    @rule(seconds=st.sampled_from((0.5, KEEP_SECONDS / 2, KEEP_SECONDS)))
    def expire(self, seconds: float) -> None:
        self.now += seconds
        self.shelf.expire(self.now)
        self.there = [s for s in self.there if self.now - s[3] < KEEP_SECONDS]

    @invariant()
    def it_has_what_is_there_and_weighs_it(self) -> None:
        assert self.shelf.size == self._weight()
        assert self.shelf.size <= self.shelf.limit or len(self.there) == 1
        for lane in LANES:
            mine = [(start, end) for where, start, end, _ in self.there if where == lane]
            for offset in range(END + 1):
                here = any(start <= offset < end for start, end in mine)
                assert self.shelf.has(lane, offset) == here
                if not here:
                    following = [start for start, _ in mine if start > offset]
                    assert self.shelf.gap_end(lane, offset, END) == min([END, *following])

    def _weight(self) -> int:
        return sum(
            STRETCH_OVERHEAD_BYTES + sum(map(weight, records_of(lane, start, end)))
            for lane, start, end, _ in self.there
        )


TestAgainstStretches = AgainstStretches.TestCase
TestAgainstStretches.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


def test_what_one_reader_uses_stays_while_what_nobody_uses_goes() -> None:
    shelf = Shelf(3 * STRETCH_OVERHEAD_BYTES)
    for start in (0, 1, 2):
        shelf.put(A0, start, start + 1, (), 0.0)
    shelf.reading_from({A0: 0}, AMPLE, 1.0)
    shelf.put(A0, 3, 4, (), 2.0)
    assert [offset for offset in range(4) if shelf.has(A0, offset)] == [0, 2, 3]
