"""The first has stopped writing before the second may start, whatever their clocks say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_operator.core.lease import (
    DURATION_SECONDS,
    FENCE_SECONDS,
    Fence,
    LeaseSeen,
    Move,
    Watcher,
)


def lease(holder: str, renewed: str = "t0", duration: float = DURATION_SECONDS) -> LeaseSeen:
    return LeaseSeen(holder, renewed, 0, duration)


@pytest.mark.parametrize(
    ("seen", "move"),
    [
        (None, Move.CREATE),
        (lease("me"), Move.RENEW),
        (lease(""), Move.TAKE),
        (lease("other"), Move.WAIT),
    ],
    ids=str,
)
def test_at_first_sight(seen: LeaseSeen | None, move: Move) -> None:
    assert Watcher("me").decide(seen, 1_000) is move


def test_anothers_lease_is_taken_when_it_has_not_been_renewed_for_its_duration() -> None:
    watcher = Watcher("me")
    assert watcher.decide(lease("other"), 0) is Move.WAIT
    assert watcher.decide(lease("other"), DURATION_SECONDS - 0.1) is Move.WAIT
    assert watcher.decide(lease("other"), DURATION_SECONDS) is Move.TAKE


def test_a_renewal_starts_the_wait_anew() -> None:
    watcher = Watcher("me")
    watcher.decide(lease("other", "t0"), 0)
    watcher.decide(lease("other", "t1"), 14)
    assert watcher.decide(lease("other", "t1"), 20) is Move.WAIT


def test_a_lease_that_says_it_is_shorter_is_not_taken_sooner() -> None:
    watcher = Watcher("me")
    watcher.decide(lease("other", duration=1), 0)
    assert watcher.decide(lease("other", duration=1), 5) is Move.WAIT


@given(asked=st.floats(0, 100), answered=st.floats(0, 30), seen=st.floats(0, 30))
def test_who_leads_stops_before_anybody_else_may_start(
    asked: float, answered: float, seen: float
) -> None:
    """The other sees the renewal at the earliest when it was asked for, never before."""
    fence = Fence()
    fence.renewed(asked)
    watcher = Watcher("other")
    seen_at = asked + seen
    watcher.decide(lease("first"), seen_at)
    starts = next(
        now
        for now in (seen_at + step / 4 for step in range(400))
        if watcher.decide(lease("first"), now) is Move.TAKE
    )
    assert fence.left(starts) == 0
    assert starts - (asked + FENCE_SECONDS) >= DURATION_SECONDS - FENCE_SECONDS - 0.01
    assert fence.left(asked + answered) == max(0.0, asked + FENCE_SECONDS - (asked + answered))


def test_an_older_renewal_that_is_heard_late_does_not_shorten_the_lease() -> None:
    fence = Fence()
    fence.renewed(10)
    fence.renewed(5)
    assert fence.left(19) == pytest.approx(1)


def test_one_that_resigns_or_is_alone() -> None:
    fence = Fence(math.inf)
    assert fence.left(10**9) == math.inf
    fence.drop()
    assert fence.left(0) == 0
