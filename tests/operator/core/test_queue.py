"""Every stream once, in order, and not again too soon."""

from __future__ import annotations

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from unionflow_operator.core.queue import MAX_DELAY_SECONDS, WorkQueue


@pytest.fixture
def queue() -> WorkQueue[str]:
    return WorkQueue(random.Random(1))


def drain(queue: WorkQueue[str], now: float) -> list[str]:
    taken = []
    while (key := queue.take(now)) is not None:
        taken.append(key)
    return taken


def test_what_is_asked_for_twice_is_done_once(queue: WorkQueue[str]) -> None:
    for key in ("a", "b", "a"):
        queue.add(key, 0)
    assert drain(queue, 0) == ["a", "b"]


def test_what_is_asked_for_while_it_is_done_is_done_again_and_never_twice_at_once(
    queue: WorkQueue[str],
) -> None:
    queue.add("a", 0)
    assert queue.take(0) == "a"
    queue.add("a", 1)
    assert queue.take(1) is None
    queue.done("a", 2, again_at=300)
    assert queue.take(2) == "a"


def test_a_change_goes_ahead_of_a_resync_of_all(queue: WorkQueue[str]) -> None:
    for number in range(1_000):
        queue.add_later(f"r{number}", 10)
    queue.add("changed", 11)
    assert "changed" in [queue.take(11), queue.take(11)]


def test_resyncs_go_on_where_changes_never_cease(queue: WorkQueue[str]) -> None:
    queue.add_later("routine", 0)
    taken = []
    for turn in range(8):
        queue.add(f"c{turn}", turn)
        taken.append(queue.take(turn))
    assert "routine" in taken


def test_failures_rest_longer_each_time_up_to_a_cap_and_a_change_ends_the_rest(
    queue: WorkQueue[str],
) -> None:
    delays = []
    for _ in range(12):
        queue.add("a", 0)
        assert queue.take(0) == "a"
        delays.append(queue.failed("a", 0))
    assert delays[0] <= 0.5
    assert delays[5] > delays[0]
    assert MAX_DELAY_SECONDS / 2 <= delays[-1] <= MAX_DELAY_SECONDS
    assert queue.take(0.1) is None
    queue.add("a", 0.2)
    assert queue.take(0.2) == "a"


def test_one_that_went_well_starts_anew_with_short_rests(queue: WorkQueue[str]) -> None:
    for _ in range(8):
        queue.add("a", 0)
        queue.take(0)
        queue.failed("a", 0)
    queue.add("a", 0)
    queue.take(0)
    queue.done("a", 0, None)
    queue.add("a", 0)
    queue.take(0)
    assert queue.failed("a", 0) <= 0.5


def test_what_is_forgotten_does_not_come_back(queue: WorkQueue[str]) -> None:
    queue.add("a", 0)
    queue.add_later("b", 5)
    queue.forget("a")
    queue.forget("b")
    assert (drain(queue, 100), queue.next_due_at()) == ([], None)


def test_age_is_how_long_the_oldest_has_been_due(queue: WorkQueue[str]) -> None:
    queue.add("a", 10)
    queue.add_later("b", 4)
    queue.add("c", 30)
    queue.take(12)
    assert queue.depth(40).age in {30, 36}
    assert queue.depth(40).working == 1


def test_what_was_planned_and_asked_for_during_the_work_is_given_once() -> None:
    queue = WorkQueue[str](random.Random(1))
    queue.add("a", 0)
    assert queue.take(0) == "a"
    queue.add_later("a", 5)
    queue.add("a", 1)
    queue.done("a", 2, None)
    assert [queue.take(10), queue.take(10)] == ["a", None]


class Queue(RuleBasedStateMachine):
    """Nothing that was asked for is lost, and nothing is given out twice at once."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: WorkQueue[int] = WorkQueue(random.Random(2))
        self.now = 0.0
        self.working: set[int] = set()
        self.wanted: set[int] = set()

    @rule(key=st.integers(0, 4))
    def change(self, key: int) -> None:
        self.queue.add(key, self.now)
        self.wanted.add(key)

    @rule(key=st.integers(0, 4), delay=st.floats(0, 50))
    def plan(self, key: int, delay: float) -> None:
        self.queue.add_later(key, self.now + delay)

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        key = self.queue.take(self.now)
        if key is not None:
            assert key not in self.working
            self.working.add(key)
            self.wanted.discard(key)

    @rule(well=st.booleans())
    def finish(self, well: bool) -> None:
        if not self.working:
            return
        key = self.working.pop()
        if well:
            self.queue.done(key, self.now, self.now + 10)
        else:
            self.queue.failed(key, self.now)

    @invariant()
    def nothing_that_was_asked_for_is_lost(self) -> None:
        depth = self.queue.depth(self.now)
        assert depth.working == len(self.working)
        assert len(self.wanted - self.working) <= depth.due


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
