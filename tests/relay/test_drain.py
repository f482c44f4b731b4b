"""A drain's plan: who is told what and when, whatever the chance and however time passes."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_relay.core.drain import (
    ANNOUNCED_A_TURN,
    LEAST_AFTER_MS,
    PATIENCE_SECONDS,
    Announce,
    Dismiss,
    Drain,
)

START = 1_000.0


def run(
    told: int, untold: int, seconds: float, turn: float = 0.1, seed: int = 1
) -> tuple[dict[int, float], dict[int, float]]:
    """When each is to be back, and when each was dismissed, in seconds from the start."""
    rng = random.Random(seed)
    members = list(range(told + untold))
    drain = Drain(members[:told], members[told:], seconds, START, rng)
    back: dict[int, float] = {}
    dismissed: dict[int, float] = {}
    now = START
    while not drain.over:
        for step in drain.on_turn(now):
            if isinstance(step, Announce):
                assert step.member not in back
                assert step.member not in dismissed
                assert step.after_ms >= LEAST_AFTER_MS
                back[step.member] = now - START + step.after_ms / 1000
            else:
                assert step.member not in dismissed
                dismissed[step.member] = now - START
        now += turn
    return back, dismissed


@settings(deadline=None)
@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([3, 5, 20, 300]),
    st.sampled_from([0.05, 0.1, 0.7]),
    st.integers(0, 2**32),
)
def test_everyone_is_dismissed_once_within_the_time_and_told_of_it_where_that_can_be(
    told: int, untold: int, seconds: int, turn: float, seed: int
) -> None:
    back, dismissed = run(told, untold, seconds, turn, seed)
    assert dismissed.keys() == set(range(told + untold))
    assert back.keys() == set(range(told))
    for member, moment in dismissed.items():
        due = back[member] + PATIENCE_SECONDS if member in back else moment
        assert due - 0.001 <= moment <= due + turn + 0.001
        assert moment <= seconds + PATIENCE_SECONDS + turn


def test_in_each_second_as_many_come_back_as_in_any_other() -> None:
    back, dismissed = run(told=5_400, untold=3_600, seconds=20)
    moments = [*back.values(), *(dismissed[m] for m in range(5_400, 9_000))]
    per_second = Counter(min(19, int(moment)) for moment in moments)  # the last turn is after it
    assert set(per_second) == set(range(2, 20))
    assert all(450 <= count <= 550 for count in per_second.values())


def test_those_with_one_dialect_do_not_go_before_those_with_the_other() -> None:
    back, dismissed = run(told=500, untold=500, seconds=20)
    for moments in (list(back.values()), [dismissed[m] for m in range(500, 1_000)]):
        assert 9 < sum(moments) / len(moments) < 13


def test_no_two_drains_send_their_clients_away_at_the_same_moments() -> None:
    one, _ = run(told=50, untold=0, seconds=20, seed=1)
    two, _ = run(told=50, untold=0, seconds=20, seed=2)
    assert one != two


def test_a_slot_holds_one_client_so_that_chance_makes_no_heaps() -> None:
    back, _ = run(told=180, untold=0, seconds=20)
    gaps = [later - sooner for sooner, later in pairwise(sorted(back.values()))]
    assert max(gaps) < 0.2 + 0.002  # two slots of 18 s / 180
    assert len(set(gaps)) > 50


def test_a_turn_writes_to_a_bounded_number_of_clients_and_all_are_told_in_time() -> None:
    drain = Drain(list(range(20_000)), [], 20, START, random.Random(1))
    turns = 0
    while any(isinstance(step, Announce) for step in drain.on_turn(START + turns / 10)):
        turns += 1
    assert turns == 20_000 / ANNOUNCED_A_TURN
    back, _ = run(told=20_000, untold=0, seconds=20)
    assert max(back.values()) <= 20.001


def test_below_three_seconds_everyone_is_dismissed_at_once_and_nobody_told() -> None:
    for seconds in (0, 1, 2):
        drain = Drain(["a", "b"], ["c"], seconds, START, random.Random(1))
        steps = drain.on_turn(START)
        assert {step.member for step in steps} == {"a", "b", "c"}
        assert all(isinstance(step, Dismiss) for step in steps)
        assert drain.over


def test_a_drain_of_nobody_is_over() -> None:
    assert Drain([], [], 20, START, random.Random(1)).over


def test_a_turn_that_comes_late_does_all_that_was_due() -> None:
    drain = Drain(["a"], ["b"], 20, START, random.Random(1))
    steps = drain.on_turn(START + 100)
    assert [type(step).__name__ for step in steps] == ["Announce", "Dismiss", "Dismiss"]
    assert drain.over
