"""The newest records in memory: exact in what is there, in what is gone, and in what it weighs."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.relay.model import relayed
from unionflow_events import EVERYONE
from unionflow_relay.core.history import RECORD_OVERHEAD_BYTES, History, reading_from
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed, Slice

A0, A1 = (Lane("a", "aaaaaaaa", number) for number in range(2))
B0 = Lane("b", "bbbbbbbb", 0)
LANES = (A0, A1, B0)
lanes = st.sampled_from(LANES)
subjects = st.none() | st.just(b"s" * 40)


def record(lane: Lane, offset: int, size: int = 0, subject: bytes | None = None) -> Relayed:
    return relayed(EVERYONE, "KPI_UPDATED", offset, "x" * size, lane=lane, subject=subject)


def weight(one: Relayed) -> int:
    return RECORD_OVERHEAD_BYTES + len(one.encoded) + len(one.subject or b"")


def piece(*records: Relayed, **progress: int) -> Slice:
    ends = {one.lane: one.offset + 1 for one in records}
    by_name = {f"{lane.topic}{lane.partition}": lane for lane in LANES}
    return Slice(list(records), ends | {by_name[name]: end for name, end in progress.items()})


class AgainstAList(RuleBasedStateMachine):
    """All arrivals in one list: the oldest goes first, whichever partition it is of."""

    @initialize(limit=st.integers(0, 6_000))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.history = History(limit)
        self.arrivals: list[Relayed] = []
        self.starts: dict[Lane, int] = {}
        self.ends: dict[Lane, int] = {}

    @rule(lane=lanes, offset=st.integers(0, 5))
    def follow(self, lane: Lane, offset: int) -> None:
        if lane not in self.ends:
            self.history.follow(lane, offset)
            self.starts[lane] = self.ends[lane] = offset

    @rule(
        rows=st.lists(
            st.tuples(lanes, st.integers(0, 2), st.integers(0, 900), subjects),
            max_size=8,
        ),
        beyond=st.dictionaries(lanes, st.integers(0, 3)),
    )
    def append(
        self, rows: list[tuple[Lane, int, int, bytes | None]], beyond: dict[Lane, int]
    ) -> None:
        """`beyond`: markers and aborted records, which move the end alone."""
        taken = Slice()
        ends = {lane: self.ends.get(lane, 0) for lane in LANES}
        for lane, gap, size, subject in rows:
            taken.records.append(record(lane, ends[lane] + gap, size, subject))
            ends[lane] += gap + 1
            taken.progress[lane] = ends[lane]
        for lane, more in beyond.items():
            taken.progress[lane] = ends[lane] + more
        self.history.append(taken)
        self.arrivals += [one for one in taken.records if one.lane in self.ends]
        self.ends |= {lane: end for lane, end in taken.progress.items() if lane in self.ends}
        while sum(map(weight, self.arrivals)) > self.limit:
            gone = self.arrivals.pop(0)
            self.starts[gone.lane] = gone.offset + 1

    @rule(lane=lanes, offset=st.integers(0, 60))
    def skip(self, lane: Lane, offset: int) -> None:
        if lane in self.ends:
            self.history.skip(lane, offset)
            self._drop({lane})
            self.starts[lane] = self.ends[lane] = offset

    @rule(short_id=st.sampled_from(("aaaaaaaa", "bbbbbbbb", "cccccccc")))
    def forget(self, short_id: str) -> None:
        self.history.forget(short_id)
        gone = {lane for lane in self.ends if lane.short_id == short_id}
        self._drop(gone)
        for lane in gone:
            del self.starts[lane], self.ends[lane]

    def _drop(self, gone: set[Lane]) -> None:
        self.arrivals = [one for one in self.arrivals if one.lane not in gone]

    @rule(lane=lanes, ahead=st.integers(0, 12), max_bytes=st.integers(1, 3_000))
    def read(self, lane: Lane, ahead: int, max_bytes: int) -> None:
        if lane not in self.ends:
            with pytest.raises(KeyError):
                self.history.read(lane, 0, max_bytes)
            return
        offset = self.starts[lane] + ahead
        there = [one for one in self.arrivals if one.lane == lane and one.offset >= offset]
        expected: list[Relayed] = []
        while there and sum(len(one.encoded) for one in expected) < max_bytes:
            expected.append(there.pop(0))
        got, next_offset = self.history.read(lane, offset, max_bytes)
        assert list(got) == expected
        full = sum(len(one.encoded) for one in expected) >= max_bytes
        assert next_offset == (expected[-1].offset + 1 if full else max(offset, self.ends[lane]))

    @rule(lane=lanes, before=st.integers(1, 5))
    def read_what_is_gone(self, lane: Lane, before: int) -> None:
        if lane in self.ends:
            with pytest.raises(ValueError, match="is before"):
                self.history.read(lane, self.starts[lane] - before, 1)

    @rule(steps=st.lists(st.integers(1, 2_000), min_size=1, max_size=40))
    def a_reader_gets_all_that_is_held_once_and_in_order(self, steps: Sequence[int]) -> None:
        reading = dict(self.starts)
        got: list[Relayed] = []
        for step in (*steps, *[10_000] * len(LANES)):
            taken = reading_from(self.history, reading, step)
            for lane, offset in taken.progress.items():
                assert offset > reading[lane]
                reading[lane] = offset
            assert taken.size == sum(len(one.encoded) for one in taken.records)
            got += taken.records
        assert reading == self.ends
        for lane in self.ends:
            held_of = [one for one in self.arrivals if one.lane == lane]
            assert [one for one in got if one.lane == lane] == held_of

    @invariant()
    def size_and_bounds_are_exact(self) -> None:
        assert self.history.size == sum(map(weight, self.arrivals)) <= self.limit
        for lane, end in self.ends.items():
            assert (self.history.start(lane), self.history.end(lane)) == (self.starts[lane], end)


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def held(lane: Lane) -> int:
    """Records of a partition that the process holds, counted or not."""
    gc.collect()
    return sum(isinstance(one, Relayed) and one.lane == lane for one in gc.get_objects())


def test_records_that_were_dropped_hold_no_memory() -> None:
    history = History(10 * 1_200)
    lane = Lane("dropped", "dropped0", 0)
    history.follow(lane, 0)
    for offset in range(900):
        history.append(piece(record(lane, offset, 600)))
    assert history.start(lane) > 800
    assert held(lane) == 900 - history.start(lane)


def test_records_of_a_topic_that_is_gone_hold_no_memory() -> None:
    history = History(1_000_000)
    lane = Lane("gone", "gone0000", 0)
    history.follow(lane, 0)
    for offset in range(100):
        history.append(piece(record(lane, offset, 600)))
    assert held(lane) == 100
    history.forget(lane.short_id)
    assert (held(lane), history.size) == (0, 0)


def test_a_record_larger_than_the_limit_is_not_kept_and_moves_the_start() -> None:
    history = History(1_000)
    history.follow(A0, 7)
    history.append(piece(record(A0, 7), record(A0, 8, 2_000), a0=12))
    assert (history.size, history.start(A0), history.end(A0)) == (0, 9, 12)
    assert history.read(A0, 9, 1) == ([], 12)


def test_a_reader_that_stands_before_the_start_or_at_the_end_is_passed_over() -> None:
    history = History(1_000_000)
    for lane in LANES:
        history.follow(lane, 5)
    history.append(piece(*(record(lane, 5) for lane in LANES)))
    taken = reading_from(history, {A0: 4, A1: 6, B0: 5}, 10_000)
    assert taken.progress == {B0: 6}
