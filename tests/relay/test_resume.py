"""What a client that comes back is promised: where it is read to from, and what of it is gone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_relay.core.cursor import EVERYTHING_RETAINED, Cursor, parse_cursor
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.lanes import Lane, cursor_text
from unionflow_relay.core.resume import (
    MAX_UNKNOWN_RANGES,
    Standing,
    names_unknown_lanes,
    plan_resume,
)

A0 = Lane("members", "q3Zk1PfA", 0)
A1 = Lane("members", "q3Zk1PfA", 1)
NOW = [Standing(A0, 3, 10), Standing(A1, 0, 20)]


def retention(lane: Lane, requested: int, earliest: int) -> TruncatedRange:
    return TruncatedRange(
        lane.topic, lane.partition, requested, earliest, TruncationReason.RETENTION
    )


def replaced(partition: int, requested: int) -> TruncatedRange:
    return TruncatedRange(None, partition, requested, 0, TruncationReason.TOPIC_REPLACED)


COMES_BACK: dict[str, tuple[str, tuple[int, int], tuple[int, int], list[TruncatedRange]]] = {
    "up to date": ("1~q3Zk1PfA:10,20", (10, 20), (10, 20), []),
    "up to date by its positions": (
        "1~q3Zk1PfA:3,4~q3Zk1PfA.0.9~q3Zk1PfA.1.19",
        (10, 20),
        (10, 20),
        [],
    ),
    "with one record missing": ("1~q3Zk1PfA:9,20", (9, 20), (9, 20), []),
    "at what Kafka has first": ("1~q3Zk1PfA:3,0", (3, 0), (3, 0), []),
    "too late for one record": ("1~q3Zk1PfA:2,20", (2, 20), (3, 20), [retention(A0, 2, 3)]),
    "knowing one partition alone": ("1~q3Zk1PfA:10", (10, 0), (10, 0), []),
    "knowing the other by a position alone": (
        "1~q3Zk1PfA.1.7",
        (0, 8),
        (3, 8),
        [retention(A0, 0, 3)],
    ),
    "knowing nothing": ("1", (0, 0), (3, 0), [retention(A0, 0, 3)]),
    "wanting all that is retained": ("earliest", (3, 0), (3, 0), []),
    "ahead of this pod": ("1~q3Zk1PfA:11,21", (11, 21), (11, 21), []),
    "with a partition that Kafka does not have": (
        "1~q3Zk1PfA:10,20,7",
        (10, 20),
        (10, 20),
        [TruncatedRange("members", 2, 7, 0, TruncationReason.BEYOND_END)],
    ),
    "from a topic that is gone": (
        "1~q3Zk1PfA:10,20~gonegone:5,6",
        (10, 20),
        (10, 20),
        [replaced(0, 5), replaced(1, 6)],
    ),
    "from a topic that is gone, by a position alone": (
        "1~q3Zk1PfA:10,20~gonegone.7.5",
        (10, 20),
        (10, 20),
        [replaced(7, 6)],
    ),
    "from a topic that is gone, and too late": (
        "1~q3Zk1PfA:1,20~gonegone:5",
        (1, 20),
        (3, 20),
        [retention(A0, 1, 3), replaced(0, 5)],
    ),
}


@pytest.mark.parametrize(
    ("cursor", "requested", "wanted", "gaps"), COMES_BACK.values(), ids=COMES_BACK.keys()
)
def test_a_client_comes_back(
    cursor: str,
    requested: tuple[int, int],
    wanted: tuple[int, int],
    gaps: list[TruncatedRange],
) -> None:
    plan = plan_resume(parse_cursor(cursor), NOW)
    known = {lane: offset for lane, offset in plan.requested.items() if lane in (A0, A1)}
    assert known == dict(zip((A0, A1), requested, strict=True))
    assert plan.wanted == dict(zip((A0, A1), wanted, strict=True))
    assert list(plan.gaps) == gaps


def test_the_cursor_of_welcome_is_canonical_and_skips_no_gap() -> None:
    plan = plan_resume(parse_cursor("1~q3Zk1PfA:1,4~q3Zk1PfA.1.9"), NOW)
    assert cursor_text(plan.requested) == "1~q3Zk1PfA:1,10"
    assert cursor_text(plan.wanted) == "1~q3Zk1PfA:3,10"


def test_where_nothing_is_followed_nothing_is_missed() -> None:
    plan = plan_resume(EVERYTHING_RETAINED, [])
    assert (dict(plan.requested), dict(plan.wanted), list(plan.gaps)) == ({}, {}, [])


def test_kafka_is_looked_at_again_for_partitions_that_are_not_known_and_for_no_others() -> None:
    assert names_unknown_lanes(parse_cursor("1~q3Zk1PfA:1~gonegone:1"), NOW)
    assert names_unknown_lanes(parse_cursor("1~gonegone.4.1"), NOW)
    assert names_unknown_lanes(parse_cursor("1~q3Zk1PfA:1,2~q3Zk1PfA.2.6"), NOW)
    assert not names_unknown_lanes(parse_cursor("1~q3Zk1PfA:1"), NOW)
    assert not names_unknown_lanes(EVERYTHING_RETAINED, [])


def test_a_hostile_cursor_gets_an_answer_of_bounded_size() -> None:
    cursor = Cursor({("gonegone", n): 1 for n in range(5_000)}, frozenset({"gonegone"}))
    plan = plan_resume(cursor, [])
    assert len(plan.gaps) == MAX_UNKNOWN_RANGES
    assert len(cursor_text(plan.requested)) < 10_000


offsets = st.integers(0, 50)
standings = st.lists(st.tuples(offsets, offsets).map(sorted), max_size=5)


@given(st.lists(offsets, max_size=5), standings)
def test_a_client_is_never_silently_short(wanted: list[int], now: list[list[int]]) -> None:
    """Each offset from what it wants on will come, or lies in a range that it is told."""
    lanes = [Lane("t", "q3Zk1PfA", n) for n in range(len(now))]
    cursor = Cursor({("q3Zk1PfA", n): offset for n, offset in enumerate(wanted)})
    plan = plan_resume(
        cursor,
        [Standing(lane, *bounds) for lane, bounds in zip(lanes, now, strict=True)],
    )
    assert offsets_between(plan.requested, plan.wanted) == {
        (gap.partition, offset)
        for gap in plan.gaps
        for offset in range(gap.requested, gap.earliest)
    }
    for lane, (earliest, _live) in zip(lanes, now, strict=True):
        asked = cursor.wanted(lane.short_id, lane.partition)
        assert plan.requested[lane] == asked
        assert plan.wanted[lane] == max(asked, earliest)


def offsets_between(start: Mapping[Lane, int], end: Mapping[Lane, int]) -> set[tuple[int, int]]:
    return {(lane.partition, offset) for lane in end for offset in range(start[lane], end[lane])}
