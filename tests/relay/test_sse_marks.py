"""The IDs of a replay: each client's own where it is ahead of its convoy, else one for all."""

from __future__ import annotations

from tests.relay.model import relayed
from unionflow_events import EVERYONE
from unionflow_relay.core.audience import View
from unionflow_relay.core.convoy import Convoy, Passenger
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.event_stream import mark
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.marks import Marks

ONE, TWO = Lane("a", "aaaaaaaa", 0), Lane("b", "bbbbbbbb", 0)
SSE = View(Dialect.SSE, everything=True)


def dealt(**wanted: int) -> tuple[Convoy[str], Marks[str]]:
    """Each client's next offset of TWO; ONE is wanted from 0, and read to 3."""
    passengers = [Passenger(name, SSE, None, {ONE: 0, TWO: at}) for name, at in wanted.items()]
    convoy = Convoy(passengers, {ONE: 9, TWO: 9})
    for name, _write in convoy.deal([relayed(EVERYONE, "X", 2, lane=ONE)], {ONE: 3}):
        convoy.serve(name)
    return convoy, Marks(convoy)


def test_who_is_ahead_has_an_id_of_its_own_in_whatever_order_they_are_asked_for() -> None:
    for order in (("ahead", "here", "further"), ("here", "further", "ahead")):
        _, marks = dealt(here=4, ahead=6, further=8)
        assert {name: marks.of(name) for name in order} == {
            "here": mark("1~aaaaaaaa:3~bbbbbbbb:4"),
            "ahead": mark("1~aaaaaaaa:3~bbbbbbbb:6"),
            "further": mark("1~aaaaaaaa:3~bbbbbbbb:8"),
        }


def test_those_who_are_where_the_convoy_is_share_one_object() -> None:
    _, marks = dealt(awa=4, binta=4)
    assert marks.of("awa") is marks.of("binta")


def test_after_others_had_their_turn_it_is_made_anew() -> None:
    convoy, marks = dealt(awa=4)
    marks.of("awa")
    convoy.give_up("bbbbbbbb")
    marks.forget()
    assert marks.of("awa") == mark("1~aaaaaaaa:3")
