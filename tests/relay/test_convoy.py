"""Clients that catch up together: each gets what it has not seen, once, as if it read alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.relay import model
from tests.relay.model import Seen, relayed
from unionflow_events import EVERYONE, Audience
from unionflow_relay.core.audience import View
from unionflow_relay.core.convoy import Convoy, Passenger, magnitude
from unionflow_relay.core.dialects import Dialect, TruncatedRange, TruncationReason
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed

LANES = (Lane("a", "aaaaaaaa", 0), Lane("a", "aaaaaaaa", 1), Lane("b", "bbbbbbbb", 0))
ADDED = Lane("a", "aaaaaaaa", 2)
END = 12
lanes = st.sampled_from((*LANES, ADDED))
offsets = st.integers(0, END + 3)
rows = st.tuples(st.booleans(), model.audiences, st.sampled_from(model.TYPES))


@dataclass
class Alone:
    """One client as if it were read to alone."""

    seen: Seen
    wanted: dict[Lane, int]
    got: list[bytes] = field(default_factory=list)


class AsIfAlone(RuleBasedStateMachine):
    @initialize(
        passengers=st.lists(
            st.tuples(model.views, model.users, st.tuples(offsets, offsets, offsets)),
            min_size=1,
            max_size=6,
        ),
        live=st.tuples(*[st.integers(0, END)] * 3),
        logs=st.fixed_dictionaries(
            {lane: st.lists(rows, min_size=END + 4, max_size=END + 4) for lane in (*LANES, ADDED)}
        ),
    )
    def set_out(
        self,
        passengers: list[tuple[View, str | None, tuple[int, ...]]],
        live: tuple[int, ...],
        logs: dict[Lane, list[tuple[bool, Audience, str]]],
    ) -> None:
        """Of a log some offsets hold no event: markers and what was aborted."""
        self.logs = {
            lane: [
                relayed(audience, kind, offset, f"{lane.short_id}{lane.partition}", lane=lane)
                for offset, (there, audience, kind) in enumerate(rows_of)
                if there
            ]
            for lane, rows_of in logs.items()
        }
        self.live = dict(zip(LANES, live, strict=True))
        self.alone = {
            number: Alone(Seen(view, user), dict(zip(LANES, wanted, strict=True)))
            for number, (view, user, wanted) in enumerate(passengers)
        }
        self.convoy: Convoy[int] = Convoy(
            (
                Passenger(number, one.seen.view, one.seen.user, dict(one.wanted))
                for number, one in self.alone.items()
            ),
            self.live,
        )
        self.reading = {
            lane: min(self.live[lane], *(one.wanted[lane] for one in self.alone.values()))
            for lane in LANES
        }

    @rule(
        steps=st.dictionaries(lanes, st.integers(0, 6), min_size=1),
        moment=st.integers(0, 7),
        number=st.integers(0, 5),
        meanwhile=st.sampled_from(("see", "leave", "give_up")),
        view=model.views,
    )
    def send(
        self, steps: Mapping[Lane, int], moment: int, number: int, meanwhile: str, view: View
    ) -> None:
        """A slice of any lanes, to the end of their logs at most; in its midst something happens.

        moment: how many clients were served by then.
        """
        progress = {
            lane: min(self.reading[lane] + step, END + 4)
            for lane, step in steps.items()
            if lane in self.reading
        }
        records = [
            record
            for lane, end in progress.items()
            for record in self.logs[lane]
            if self.reading[lane] <= record.offset < end
        ]
        told = self.convoy.count(records)
        assert told == {n: len(mine) for n in self.alone if (mine := self._due(n, records))}
        served: set[int] = set()
        for member, write in self.convoy.deal(records, progress):
            assert member not in served
            if member not in self.alone:
                continue  # it left while others were written to
            form = self.alone[member].seen.view.form
            due = self._due(member, records)
            assert write.data == b"".join(record.frame(form) for record in due)
            assert len(write.indices) == len(due)
            self.convoy.serve(member)
            served.add(member)
            wanted = self.alone[member].wanted
            wanted |= {lane: max(wanted[lane], progress[lane]) for lane in progress.keys() & wanted}
            assert self.convoy.progress_of(member) == wanted
            if len(served) == moment:
                if meanwhile == "see":
                    self.see(number, view)
                elif meanwhile == "leave":
                    self.leave(number)
                else:
                    self.give_up("aaaaaaaa" if number % 2 else "bbbbbbbb")
        assert not [n for n in self.alone if n not in served and self._due(n, records)]
        self.convoy.arrive(progress)
        self._pass(progress)

    def _due(self, number: int, records: Sequence[Relayed]) -> list[Relayed]:
        """What a client would be sent of these now."""
        one = self.alone[number]
        return [
            record
            for record in records
            if record.offset >= one.wanted.get(record.lane, END + 9)
            and one.seen.gets(record.audience, record.event_type)
        ]

    def _pass(self, progress: Mapping[Lane, int]) -> None:
        for lane, end in progress.items():
            if lane not in self.reading:
                continue  # given up in the midst of the slice
            self.reading[lane] = max(self.reading[lane], end)
            for one in self.alone.values():
                one.wanted[lane] = max(one.wanted[lane], end)

    @rule(lane=lanes, earliest=offsets)
    def lose(self, lane: Lane, earliest: int) -> None:
        if lane not in self.reading:
            return
        reason = TruncationReason.RETENTION
        lost = self.convoy.lose(lane, earliest, reason)
        assert sorted(lost, key=lambda pair: pair[0]) == [
            (
                number,
                TruncatedRange(lane.topic, lane.partition, one.wanted[lane], earliest, reason),
            )
            for number, one in sorted(self.alone.items())
            if one.wanted[lane] < earliest
        ]
        self._pass({lane: earliest})

    @rule(ends=st.dictionaries(lanes, offsets))
    def set_back(self, ends: dict[Lane, int]) -> None:
        """An end is never before what was read."""
        ends = {lane: max(ends[lane], at) for lane, at in self.reading.items() if lane in ends}
        told = dict(self.convoy.set_back(ends))
        for number, one in self.alone.items():
            expected = {
                TruncatedRange(
                    lane.topic,
                    lane.partition,
                    one.wanted[lane],
                    self.reading[lane],
                    TruncationReason.BEYOND_END,
                )
                for lane, end in ends.items()
                if one.wanted[lane] > end
            }
            assert set(told.pop(number, ())) == expected
            for lane, end in ends.items():
                if one.wanted[lane] > end:
                    one.wanted[lane] = self.reading[lane]
        assert not told

    @rule(short_id=st.sampled_from(("aaaaaaaa", "bbbbbbbb", "cccccccc")))
    def give_up(self, short_id: str) -> None:
        self.convoy.give_up(short_id)
        for lane in [lane for lane in self.reading if lane.short_id == short_id]:
            del self.reading[lane]
            for one in self.alone.values():
                del one.wanted[lane]

    @precondition(lambda self: ADDED not in self.reading and LANES[0] in self.reading)
    @rule(offset=st.integers(0, 3))
    def follow(self, offset: int) -> None:
        self.convoy.follow(ADDED, offset)
        self.reading[ADDED] = offset
        for one in self.alone.values():
            one.wanted[ADDED] = offset

    @rule(number=st.integers(0, 5))
    def leave(self, number: int) -> None:
        self.convoy.leave(number)
        self.alone.pop(number, None)

    @rule(number=st.integers(0, 5), view=model.views)
    def see(self, number: int, view: View) -> None:
        if number in self.alone:
            one = self.alone[number]
            self.convoy.see(number, view, one.seen.user)
            one.seen = Seen(view, one.seen.user)

    @invariant()
    def nobody_is_said_to_be_further_or_less_far_than_it_is(self) -> None:
        for number, one in self.alone.items():
            assert self.convoy.progress_of(number) == one.wanted
        assert self.convoy.reading == self.reading
        assert len(self.convoy) == len(self.alone)
        ahead = {
            lane: {n for n, one in self.alone.items() if one.wanted[lane] > self.reading[lane]}
            for lane in self.reading
        }
        assert self.convoy.waited_for() == {lane for lane, members in ahead.items() if members}
        here = set(self.alone).difference(*ahead.values())
        assert set(self.convoy.arrived()) == here
        assert sorted(m for part in self.convoy.parts(2) for m in part) == sorted(here)


TestAsIfAlone = AsIfAlone.TestCase
TestAsIfAlone.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)


V1 = View(Dialect.V1, everything=True)


def convoy_of(*wanted: Mapping[Lane, int], live: Mapping[Lane, int]) -> Convoy[int]:
    return Convoy((Passenger(n, V1, None, offsets) for n, offsets in enumerate(wanted)), live)


def records_of(lane: Lane, *offsets: int) -> Sequence[Relayed]:
    return [relayed(EVERYONE, "KPI_UPDATED", offset, lane=lane) for offset in offsets]


def test_nobody_is_read_to_beyond_what_is_live() -> None:
    """One who comes from a pod that is further on has to wait for this one."""
    lane = LANES[0]
    convoy = convoy_of({lane: 9}, live={lane: 5})
    assert convoy.reading == {lane: 5}
    assert list(convoy.arrived()) == []
    assert convoy.progress_of(0) == {lane: 9}
    assert list(convoy.writes(records_of(lane, 5, 6, 7, 8))) == []
    convoy.arrive({lane: 9})
    assert list(convoy.arrived()) == [0]


def test_those_who_stand_together_share_one_write() -> None:
    lane = LANES[0]
    convoy = convoy_of({lane: 0}, {lane: 2}, {lane: 2}, {lane: 0}, live={lane: 5})
    writes = convoy.writes(records_of(lane, 0, 1, 2, 3))
    assert sorted((tuple(w.indices), sorted(w.members)) for w in writes) == [
        ((0, 1, 2, 3), [0, 3]),
        ((2, 3), [1, 2]),
    ]


def test_those_who_are_ahead_by_the_same_within_a_slice_share_a_write_whatever_follows() -> None:
    lane, other = LANES[:2]
    convoy = convoy_of(
        {lane: 0, other: 0}, {lane: 2, other: 7}, {lane: 2, other: 9}, live={lane: 9, other: 9}
    )
    writes = list(convoy.writes(records_of(lane, 0, 1, 2, 3)))
    assert [(tuple(w.indices), w.members) for w in writes] == [
        ((0, 1, 2, 3), [0]),
        ((2, 3), [1, 2]),
    ]
    beyond = list(convoy.writes(records_of(other, 0, 1)))
    assert [w.members for w in beyond] == [[0]]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_those_of_a_magnitude_are_within_a_factor_of_eight(one: int, two: int) -> None:
    live = {LANES[0]: 10**7, LANES[1]: 5}
    lag = [magnitude({LANES[0]: 10**7 - behind, LANES[1]: 9}, live) for behind in (one, two)]
    if lag[0] == lag[1]:
        assert max(one, two) < 8 * max(1, min(one, two))
    else:
        assert (lag[0] < lag[1]) == (one < two)


def test_leaving_twice_or_without_having_come_is_no_error() -> None:
    convoy = convoy_of({LANES[0]: 3}, live={LANES[0]: 1})
    convoy.leave(7)
    convoy.leave(0)
    convoy.leave(0)
    assert len(convoy) == 0
    assert convoy.waited_for() == set()
    convoy.arrive({LANES[0]: 3})
    assert list(convoy.parts(10)) == []


@pytest.mark.parametrize("reason", TruncationReason)
def test_what_each_lost_begins_where_it_was(reason: TruncationReason) -> None:
    lane = LANES[0]
    convoy = convoy_of({lane: 0}, {lane: 4}, {lane: 8}, live={lane: 9})
    lost = dict(convoy.lose(lane, 6, reason))
    assert lost == {
        0: TruncatedRange("a", 0, 0, 6, reason),
        1: TruncatedRange("a", 0, 4, 6, reason),
    }
    assert convoy.reading == {lane: 6}
