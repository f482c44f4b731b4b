"""What a client that comes back is told in a version that keeps no history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_relay.core.cursor import EVERYTHING_RETAINED, Cursor, parse_cursor
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.relayed import Lane
from unionflow_relay.core.resume import MAX_UNKNOWN_RANGES, missed

A0 = Lane("members", "q3Zk1PfA", 0)
A1 = Lane("members", "q3Zk1PfA", 1)
NOW = [(A0, 10), (A1, 20)]


def not_served(lane: Lane, requested: int, now: int) -> TruncatedRange:
    return TruncatedRange(lane.topic, lane.partition, requested, now, TruncationReason.NOT_SERVED)


def replaced(partition: int, requested: int) -> TruncatedRange:
    return TruncatedRange(None, partition, requested, 0, TruncationReason.TOPIC_REPLACED)


COMES_BACK: dict[str, tuple[str, list[TruncatedRange]]] = {
    "up to date": ("1~q3Zk1PfA:10,20", []),
    "up to date by its positions": ("1~q3Zk1PfA:3,4~q3Zk1PfA.0.9~q3Zk1PfA.1.19", []),
    "with one record missing": ("1~q3Zk1PfA:9,20", [not_served(A0, 9, 10)]),
    "knowing one partition alone": ("1~q3Zk1PfA:10", [not_served(A1, 0, 20)]),
    "wanting all there is": ("earliest", [not_served(A0, 0, 10), not_served(A1, 0, 20)]),
    "ahead of this pod": ("1~q3Zk1PfA:11,21", []),
    "from a topic that is gone": (
        "1~q3Zk1PfA:10,20~gonegone:5,6",
        [replaced(0, 5), replaced(1, 6)],
    ),
    "from a topic that is gone, by a position alone": (
        "1~q3Zk1PfA:10,20~gonegone.7.5",
        [replaced(7, 6)],
    ),
}


@pytest.mark.parametrize(("cursor", "ranges"), COMES_BACK.values(), ids=COMES_BACK.keys())
def test_a_client_comes_back(cursor: str, ranges: list[TruncatedRange]) -> None:
    assert list(missed(parse_cursor(cursor), NOW)) == ranges


def test_where_nothing_is_followed_or_all_is_empty_nothing_is_missed() -> None:
    assert list(missed(EVERYTHING_RETAINED, [])) == []
    assert list(missed(EVERYTHING_RETAINED, [(A0, 0)])) == []


def test_a_hostile_cursor_gets_an_answer_of_bounded_size() -> None:
    cursor = Cursor({("gonegone", n): 1 for n in range(5_000)}, frozenset({"gonegone"}))
    assert len(missed(cursor, [])) == MAX_UNKNOWN_RANGES


@given(
    st.lists(st.integers(0, 50), max_size=5),
    st.lists(st.integers(0, 50), max_size=5),
)
def test_a_client_is_never_silently_short(wanted: list[int], now: list[int]) -> None:
    """Every offset between what the client wants and what it will get lies in some range."""
    lanes = [(Lane("t", "q3Zk1PfA", n), offset) for n, offset in enumerate(now)]
    cursor = Cursor({("q3Zk1PfA", n): offset for n, offset in enumerate(wanted)})
    told = {
        (r.partition, offset)
        for r in missed(cursor, lanes)
        for offset in range(r.requested, r.earliest)
    }
    short = {
        (lane.partition, offset)
        for lane, end in lanes
        for offset in range(cursor.wanted(lane.short_id, lane.partition), end)
    }
    assert told == short
