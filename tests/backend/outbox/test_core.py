"""What the outbox decides: who leaves, who waits and for how long."""

from __future__ import annotations

import random

from unionflow_backend.core.outbox import (
    LONGEST_PAUSE_SECONDS,
    Patience,
    SetAside,
    Waiting,
    overdue,
    settle,
    split_invalid,
)
from unionflow_backend.core.portion import LEAST, MOST, Portion
from unionflow_events import PublishedEvent, PublishRejected, PublishTimeout
from unionflow_events.ordering import Outcome


def waiting(id: str, lane: str = "dakar", number: int = 1, kind: str = "KPI_UPDATED") -> Waiting:
    return Waiting(id, lane, number, kind, lane, None, {"value": 1}, 1_790_000_000_000)


def took(row: Waiting) -> PublishedEvent:
    return PublishedEvent(row.id, "topic", 0, 7)


def refused(row: Waiting, *, of_event: bool) -> PublishRejected:
    return PublishRejected(row.event(), "MESSAGE_SIZE_TOO_LARGE: too large", of_event=of_event)


def late(row: Waiting) -> PublishTimeout:
    return PublishTimeout(row.event(), 5.0, "Kafka")


def test_what_kafka_has_leaves_and_what_it_never_takes_is_set_aside() -> None:
    rows = [waiting("a", number=1), waiting("b", number=2), waiting("c", number=3)]
    outcomes: list[Outcome] = [took(rows[0]), refused(rows[1], of_event=True), took(rows[2])]
    settlement = settle(rows, outcomes)
    assert [row.id for row in settlement.sent] == ["a", "c"]
    assert settlement.set_aside == [SetAside("b", "event b: MESSAGE_SIZE_TOO_LARGE: too large")]
    assert (settlement.tried, settlement.trouble) == ([], "")


def test_a_lane_waits_for_its_first_row_that_had_no_answer() -> None:
    rows = [waiting("a", number=1), waiting("b", number=2), waiting("c", "abidjan")]
    settlement = settle(rows, [late(rows[0]), late(rows[1]), took(rows[2])])
    assert [row.id for row in settlement.tried] == ["a"]
    assert [row.id for row in settlement.sent] == ["c"]
    assert "waited 5 s for Kafka" in settlement.trouble


def test_a_refusal_that_is_not_the_events_own_fault_sets_nothing_aside() -> None:
    row = waiting("a")
    settlement = settle([row], [refused(row, of_event=False)])
    assert (settlement.set_aside, settlement.tried) == ([], [row])


def test_a_row_that_makes_no_event_is_set_aside_with_its_reason() -> None:
    rows = [waiting("a"), waiting("b", kind="NOT_OF_THE_CATALOGUE")]
    good, events, bad = split_invalid(rows)
    assert ([row.id for row in good], [event.id for event in events]) == (["a"], ["a"])
    assert bad[0].id == "b"
    assert "is not in the catalogue" in bad[0].reason


def test_a_troubled_lane_rests_longer_each_time_up_to_a_bound() -> None:
    patience = Patience(random.Random(1))
    rests = []
    for turn in range(12):
        patience.on_settled({"dakar"}, {"dakar"}, 100.0 * turn)
        pause = patience.next_try(100.0 * turn)
        assert pause is not None
        assert patience.resting(100.0 * turn) == {"dakar"}
        assert patience.resting(100.0 * turn + LONGEST_PAUSE_SECONDS) == frozenset()
        rests.append(pause)
    assert rests[0] <= 0.2
    assert rests[-1] >= LONGEST_PAUSE_SECONDS / 2


def test_a_lane_that_moves_on_is_forgotten() -> None:
    patience = Patience(random.Random(1))
    patience.on_settled({"dakar", "abidjan"}, {"dakar"}, 0.0)
    patience.on_settled({"dakar"}, set(), 1.0)
    assert patience.next_try(1.0) is None


def test_an_outbox_is_overdue_only_past_its_bound() -> None:
    assert overdue(900.0, 900.0) == ""
    assert overdue(901.0, 900.0) == "the oldest event of the outbox has waited 901 s for Kafka"


def test_rounds_that_are_full_and_quick_grow_up_to_a_bound() -> None:
    portion = Portion()
    sizes = [portion.rows]
    for _ in range(8):
        portion.on_round(portion.rows, 0.05)
        sizes.append(portion.rows)
    assert sizes == [50, 100, 200, 400, 800, MOST, MOST, MOST, MOST]


def test_rounds_that_take_long_shrink_and_those_between_stay() -> None:
    portion = Portion()
    for _ in range(3):
        portion.on_round(portion.rows, 0.05)
    portion.on_round(portion.rows, 0.2)
    portion.on_round(3, 0.01)
    assert portion.rows == 400
    for _ in range(8):
        portion.on_round(3, 5.0)
    assert portion.rows == LEAST
