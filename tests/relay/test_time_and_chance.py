"""Turns, delays, samples and readiness: what time and chance are passed into."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_relay.core.rota import Rota
from unionflow_relay.core.sampling import Sampler
from unionflow_runtime.core.backoff import CAP_SECONDS, FIRST_SECONDS, Backoff
from unionflow_runtime.core.readiness import Readiness

# Rota


@given(st.integers(1, 30), st.integers(0, 100))
def test_everyone_has_one_turn_in_each_period(period: int, members: int) -> None:
    rota: Rota[int] = Rota(period)
    for member in range(members):
        rota.add(member)
    for _ in range(3):
        turns = Counter(member for _ in range(period) for member in rota.turn())
        assert turns == Counter(range(members))


def test_members_that_come_together_are_spread_evenly_over_the_period() -> None:
    rota: Rota[int] = Rota(25)
    for member in range(1_000):
        rota.add(member)
    assert {len(rota.turn()) for _ in range(25)} == {40}


def test_one_who_left_has_no_turn_and_may_leave_twice() -> None:
    rota: Rota[str] = Rota(2)
    rota.add("a")
    rota.add("b")
    rota.remove("a")
    rota.remove("a")
    rota.remove("c")
    assert [*rota.turn(), *rota.turn()] == ["b"]


def test_a_turn_may_be_left_while_it_is_being_taken() -> None:
    rota: Rota[int] = Rota(1)
    for member in range(5):
        rota.add(member)
    for member in rota.turn():
        rota.remove(member)
    assert list(rota.turn()) == []


# Backoff


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_delays_are_never_shorter_or_longer_than_they_may_be(seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for tries in range(40):
        delay = backoff.next_delay()
        assert FIRST_SECONDS / 2 <= delay <= max(FIRST_SECONDS / 2, CAP_SECONDS)
        assert delay <= max(FIRST_SECONDS / 2, FIRST_SECONDS * 2**tries)


def test_after_many_tries_delays_reach_for_the_cap_and_differ() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(10_000):
        backoff.next_delay()
    delays = [backoff.next_delay() for _ in range(200)]
    assert max(delays) > CAP_SECONDS * 0.9
    assert len(set(delays)) > 100


def test_a_success_starts_the_delays_anew() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(20):
        backoff.next_delay()
    backoff.reset()
    assert backoff.next_delay() <= FIRST_SECONDS


# Sampling


def test_of_many_like_faults_one_a_period_is_said_and_the_others_are_counted() -> None:
    samples = Sampler(10.0)
    assert samples.take("not_json", 0.0) == 0
    assert [samples.take("not_json", t / 10) for t in range(1, 100)] == [None] * 99
    assert samples.take("not_json", 10.0) == 99
    assert samples.take("not_json", 20.0) == 0


def test_one_kind_of_fault_does_not_silence_another() -> None:
    samples = Sampler(10.0)
    assert samples.take("not_json", 0.0) == 0
    assert samples.take("too_deep", 0.0) == 0
    assert samples.take("not_json", 1.0) is None


# Readiness


def test_a_pod_is_ready_when_nothing_stands_in_its_way() -> None:
    readiness = Readiness(kafka="no broker has answered yet")
    readiness.blame("topics", "waiting for topics a")
    assert list(readiness.reasons) == ["no broker has answered yet", "waiting for topics a"]
    readiness.clear("kafka")
    readiness.clear("kafka")
    assert (readiness.ready, list(readiness.reasons)) == (False, ["waiting for topics a"])
    readiness.clear("topics")
    assert (readiness.ready, list(readiness.reasons)) == (True, [])


def test_a_newer_reason_takes_an_older_one_s_place() -> None:
    readiness = Readiness()
    readiness.blame("topics", "waiting for topics a, b")
    readiness.blame("topics", "waiting for topics b")
    assert list(readiness.reasons) == ["waiting for topics b"]


@pytest.mark.parametrize("nothing", ["", [], ()])
def test_an_empty_reason_is_none(nothing: str | list[str]) -> None:
    readiness = Readiness(topics="waiting for topics a")
    readiness.judge("topics", nothing)
    assert list(readiness.reasons) == []
    readiness.judge("topics", "waiting again")
    assert list(readiness.reasons) == ["waiting again"]
