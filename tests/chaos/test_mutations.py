"""One fault among more than a hundred thousand deliveries is found, wherever it is."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chaos.checker import judge
from tests.chaos.histories import RULED, Run, clean_run, events_of, lane_at
from tests.chaos.history import ClientHistory, Connection, Dialect
from tests.chaos.ledger import Audience, Scope, Truth
from tests.chaos.places import lane_of
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
        mark._replace(after=mark.after + by) if mark.after > index else mark
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


class Taken(NamedTuple):
    """Where a relay does not show an organisation: from a mark's frame up to an event's index."""

    connection: Connection
    mark: int
    end: int
    organization: str


def taken(client: ClientHistory) -> list[Taken]:
    found = []
    for connection in client.connections:
        marks = connection.marks
        told = [n for n, mark in enumerate(marks) if mark.organizations is not None]
        ends = [*(marks[n].after for n in told[1:]), len(connection.numbers)]
        for n, end in zip(told, ends, strict=bool(told)):
            shown = marks[n].organizations or frozenset()
            found += [Taken(connection, n, end, o) for o in client.viewer.organizations - shown]
    return found


def leak_after_revocation(rng: random.Random, truth: Truth, client: ClientHistory) -> Wrong | None:
    """One record of an organisation comes after its membership had ended."""
    ways = taken(client)
    if not ways:
        return None
    connection, told, end, organization = rng.choice(sorted(ways, key=lambda way: way[1:]))
    theirs = [
        p
        for p, n in truth.due(client.viewer).numbers.items()
        if truth.entries[n].audience == Audience(Scope.ORGANIZATION, organization)
    ]
    place, at = rng.choice(theirs), rng.randint(connection.marks[told].after, end)
    connection.places.insert(at, place)
    connection.numbers.insert(at, truth.found[place])
    connection.marks = [
        mark._replace(after=mark.after + 1) if n > told and mark.after >= at else mark
        for n, mark in enumerate(connection.marks)
    ]
    return Wrong.LEAK


def leak_to_a_plain_client(rng: random.Random, truth: Truth, client: ClientHistory) -> Wrong | None:
    """The same, to one that is told nothing: a record from beyond the ruling in its partition."""
    if client.dialect is not Dialect.PLAIN:
        return None
    (connection,) = client.connections[-1:]
    for number, entry in enumerate(truth.entries):
        ruling = entry.ruling
        if ruling is None or ruling.user != client.viewer.user:
            continue
        if ruling.organization not in client.viewer.organizations:
            continue
        if connection.issued_at > ruling.moment:
            continue
        lane, offset = lane_of(truth.place_of[number])
        later = [
            p
            for p, n in truth.due(client.viewer).numbers.items()
            if truth.entries[n].audience == entry.audience
            and lane_of(p)[0] == lane
            and lane_of(p)[1] >= offset
        ]
        place = rng.choice(later)
        insert(connection, len(connection.numbers), place, truth.found[place])
        return Wrong.LEAK
    return None


def overstate(rng: random.Random, _truth: Truth, client: ClientHistory) -> Wrong | None:
    """A `welcome` shows what was taken before this client came."""
    welcomes = [
        connection
        for connection in client.connections
        if connection.marks and connection.marks[0].organizations != client.viewer.organizations
    ]
    if not welcomes:
        return None
    marks = rng.choice(welcomes).marks
    shown = marks[0].organizations or frozenset()
    marks[0] = marks[0]._replace(
        organizations=shown | {rng.choice(sorted(client.viewer.organizations - shown))}
    )
    return Wrong.LEAK


def understate(rng: random.Random, _truth: Truth, client: ClientHistory) -> Wrong | None:
    """A `welcome` does not show what nobody has taken."""
    if client.viewer.user in RULED or client.dialect is Dialect.PLAIN:
        return None
    marks = rng.choice(client.connections).marks
    hidden = rng.choice(sorted(client.viewer.organizations))
    marks[0] = marks[0]._replace(organizations=client.viewer.organizations - {hidden})
    return Wrong.TAKEN


MUTATIONS: list[Mutate] = [
    drop,
    repeat,
    leak,
    leak_after_revocation,
    leak_to_a_plain_client,
    overstate,
    understate,
]


def test_the_run_is_large_and_nothing_is_wrong_with_it() -> None:
    summary = sum_up(verdicts())
    assert sum(verdict.received for verdict in summary.clients) > DELIVERIES
    assert sum(verdict.repeated for verdict in summary.clients) > 1_000
    assert summary.wrongs == Counter()


def test_in_the_run_memberships_end_for_clients_of_every_kind() -> None:
    clients = [client for client in run().clients if client.viewer.user in RULED]
    assert {client.dialect for client in clients} == set(Dialect)
    assert sum(bool(taken(client)) for client in clients) >= 5
    restored = [
        connection
        for client in clients
        for connection in client.connections
        if connection.issued_at > 0 and connection.marks
    ]
    assert restored


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), number=st.integers(0, 39))
def test_a_single_fault_is_always_found(mutate: Mutate, seed: int, number: int) -> None:
    client = copy.deepcopy(run().clients[number])
    wrong = mutate(random.Random(seed), run().truth, client)
    summary = with_mutated(number, client)
    assert (summary.wrongs[wrong] == 1) if wrong else summary.holds
