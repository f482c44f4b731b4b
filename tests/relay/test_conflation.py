"""Of events that only tell how things stand: the newest of each, at its own place."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.relay.model import relayed
from unionflow_events import Audience, Scope
from unionflow_relay.core import conflation
from unionflow_relay.core.conflation import Newest, short_of
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed

P0, P1 = (Lane("stats", "stats000", number) for number in range(2))
CONFLATED = frozenset({"KPI_UPDATED", "DASHBOARD_STATS_UPDATED"})
kinds = st.tuples(
    st.sampled_from((P0, P1)),
    st.sampled_from(("KPI_UPDATED", "DASHBOARD_STATS_UPDATED", "MEMBER_CREATED")),
    st.sampled_from(
        (
            Audience(Scope.ORGANIZATION, "A"),
            Audience(Scope.ORGANIZATION, "B"),
            Audience(Scope.USER, "A"),
        )
    ),
    st.sampled_from((None, b"", b"members", b"money")),
)
Kind = tuple[Lane, str, Audience, bytes | None]


def records_of(kinds_in_order: Sequence[Kind]) -> list[Relayed]:
    return [
        relayed(audience, event_type, offset, lane=lane, subject=subject)
        for offset, (lane, event_type, audience, subject) in enumerate(kinds_in_order)
    ]


def kind_of(record: Relayed) -> Kind:
    return record.lane, record.event_type, record.audience, record.subject


def newest_of(records: Sequence[Relayed]) -> dict[Kind, Relayed]:
    return {kind_of(record): record for record in records}


def scanned(records: Sequence[Relayed]) -> Newest:
    newest = Newest(CONFLATED)
    newest.scan(records)
    return newest


@given(st.lists(kinds, max_size=30), st.integers(0, 30))
def test_what_is_kept_is_the_newest_of_its_kind_at_its_own_place(
    listed: list[Kind], cut: int
) -> None:
    records = records_of(listed)
    newest = Newest(CONFLATED)
    newest.scan(records[:cut])
    newest.scan(records[cut:])
    kept, left_out = newest.split(records)
    last = newest_of(records)
    assert list(kept) == [
        one for one in records if one.event_type not in CONFLATED or last[kind_of(one)] is one
    ]
    assert [one.offset for one in left_out] == sorted(
        {one.offset for one in records} - {one.offset for one in kept}
    )


@given(st.lists(kinds, max_size=30), st.data())
def test_a_cut_anywhere_loses_nothing(listed: list[Kind], data: st.DataObject) -> None:
    """After the cut the client comes back to what it has, and the rest is scanned anew."""
    records = records_of(listed)
    got: list[Relayed] = []
    start = 0
    while start < len(records):
        end = data.draw(st.integers(start + 1, len(records)))
        got += scanned(records[start:]).split(records[start:end])[0]
        start = end
    last = newest_of(records)
    assert {k: v for k, v in newest_of(got).items() if k[1] in CONFLATED} == {
        k: v for k, v in last.items() if k[1] in CONFLATED
    }
    assert [r for r in got if r.event_type not in CONFLATED] == [
        r for r in records if r.event_type not in CONFLATED
    ]
    assert [r.offset for r in got] == sorted(r.offset for r in got)


@given(st.lists(kinds, max_size=20), st.lists(kinds, max_size=20))
def test_records_that_come_after_the_scan_leave_nothing_out(
    before: list[Kind], after: list[Kind]
) -> None:
    """What is live when the replay reaches it was not counted on: it is sent as it is."""
    records = records_of([*before, *after])
    newest = scanned(records[: len(before)])
    kept, left_out = newest.split(records[len(before) :])
    assert list(kept) == records[len(before) :]
    assert list(left_out) == []


def test_where_nothing_is_to_be_conflated_nothing_is_touched() -> None:
    records = records_of([(P0, "KPI_UPDATED", Audience(Scope.USER, "A"), None)] * 3)
    newest = Newest(frozenset())
    newest.scan(records)
    assert newest.split(records) == (records, ())


def test_a_night_s_statistics_are_one_event_per_organisation_and_subject() -> None:
    kinds_of_a_night: list[Kind] = [
        (P0, "DASHBOARD_STATS_UPDATED", Audience(Scope.ORGANIZATION, organization), subject)
        for _ in range(1_000)
        for organization in ("A", "B")
        for subject in (b"x", None)
    ]
    records = records_of(kinds_of_a_night)
    kept, left_out = scanned(records).split(records)
    assert [one.offset for one in kept] == [3_996, 3_997, 3_998, 3_999]
    assert len(left_out) == 3_996


def test_beyond_so_many_kinds_events_are_sent_as_they_are() -> None:
    """Its memory is bounded, whatever producers make of ce_subject."""
    records = [
        relayed(Audience(Scope.USER, "A"), "KPI_UPDATED", offset, subject=b"%d" % offset)
        for offset in range(conflation.MAX_KEYS)
    ]
    twice = [
        relayed(Audience(Scope.USER, "A"), "KPI_UPDATED", len(records) + n, subject=b"new")
        for n in range(2)
    ]
    newest = scanned([*records, *twice])
    assert newest.split(twice) == (twice, [])
    again = relayed(Audience(Scope.USER, "A"), "KPI_UPDATED", len(records) + 2, subject=b"7")
    newest.scan([again])
    assert newest.split([records[7], records[8]]) == ([records[8]], [records[7]])


def test_a_reader_is_short_where_it_is_before_the_goal_alone() -> None:
    assert short_of({P0: 3, P1: 5}, {P0: 4, P1: 5}) == {P0: 3}
    assert short_of({P0: 3}, {P1: 9}) == {}
    assert short_of({}, {P0: 1}) == {}
