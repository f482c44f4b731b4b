"""One fault among more than a hundred thousand deliveries is found, wherever it is."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chaos.checker import judge
from tests.chaos.histories import Run, clean_run, events_of, lane_at
from tests.chaos.history import ClientHistory, Connection, Dialect, Mark
from tests.chaos.ledger import Truth
from tests.chaos.verdict import Summary, Verdict, Wrong, sum_up

DELIVERIES = 100_000
Mutate = Callable[[random.Random, Truth, ClientHistory], Wrong | None]


@cache
def run() -> Run:
    return clean_run(seed=4, records=12_000, clients=40)


@cache
def verdicts() -> list[Verdict]:
    return [judge(run().truth, client) for client in run().clients]


def with_mutated(number: int, client: ClientHistory) -> Summary:
    """The summary of the whole run, one client's history changed."""
    changed = [*verdicts()]
    changed[number] = judge(run().truth, client)
    return sum_up(changed)


def shift(connection: Connection, index: int, by: int) -> None:
    """Events from `index` on have moved."""
    connection.marks = [
        Mark(mark.after + by if mark.after > index else mark.after, mark.cursor, mark.ranges)
        for mark in connection.marks
    ]


def insert(connection: Connection, index: int, place: int, number: int) -> None:
    connection.places.insert(index, place)
    connection.numbers.insert(index, number)
    shift(connection, index - 1, 1)


def drop(rng: random.Random, _truth: Truth, client: ClientHistory) -> Wrong | None:
    """One delivery is left out. Of a plain client nobody can tell."""
    if client.dialect is Dialect.PLAIN:
        return None
    number, index = rng.choice(events_of(client))
    connection = client.connections[number]
    del connection.places[index], connection.numbers[index]
    shift(connection, index, -1)
    return Wrong.LOSS


def repeat(rng: random.Random, truth: Truth, client: ClientHistory) -> Wrong | None:
    """One delivery comes again, after a later one of its partition."""
    number, index = rng.choice(events_of(client))
    connection = client.connections[number]
    lane = lane_at(connection, index, truth)
    later = [
        at
        for at in range(index + 1, len(connection.numbers))
        if lane_at(connection, at, truth) == lane
    ]
    if not later:
        return None
    at = rng.choice(later) + 1
    insert(connection, at, connection.places[index], connection.numbers[index])
    return Wrong.STEP_BACK


def leak(rng: random.Random, truth: Truth, client: ClientHistory) -> Wrong | None:
    """One record of somebody else comes in between."""
    number, index = rng.choice(events_of(client))
    others = [
        p for p, n in truth.found.items() if not client.viewer.may_see(truth.entries[n].audience)
    ]
    place = rng.choice(others)
    insert(client.connections[number], index, place, truth.found[place])
    return Wrong.LEAK


MUTATIONS: list[Mutate] = [drop, repeat, leak]


def test_the_run_is_large_and_nothing_is_wrong_with_it() -> None:
    summary = sum_up(verdicts())
    assert sum(verdict.received for verdict in summary.clients) > DELIVERIES
    assert sum(verdict.repeated for verdict in summary.clients) > 1_000
    assert summary.wrongs == Counter()


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), number=st.integers(0, 39))
def test_a_single_fault_is_always_found(mutate: Mutate, seed: int, number: int) -> None:
    client = copy.deepcopy(run().clients[number])
    wrong = mutate(random.Random(seed), run().truth, client)
    summary = with_mutated(number, client)
    assert (summary.wrongs[wrong] == 1) if wrong else summary.holds
