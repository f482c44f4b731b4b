"""Histories of imaginary runs in which nothing is wrong, for the checker to be tried on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.history import ClientHistory, Connection, Dialect
from tests.chaos.ledger import Audience, Entry, Outcome, Scope, Truth, Viewer
from tests.chaos.places import Lanes, lane_of, place

PARTITIONS = 5
ORGANIZATIONS = tuple(f"org-{number}" for number in range(8))
USERS = tuple(f"user-{number}" for number in range(10))


@dataclass(frozen=True, slots=True)
class Run:
    """What Kafka had, and what each client was sent."""

    truth: Truth
    clients: Sequence[ClientHistory]


def clean_run(seed: int, records: int, clients: int) -> Run:
    """A run of a perfect relay whose clients come and go; some come back further behind."""
    rng = random.Random(seed)
    lanes = Lanes()
    for partition in range(PARTITIONS):
        lanes.number(f"AAAAAAAA.{partition}")
    entries = [
        Entry(_audience(rng), rng.choice(("A", "B")), "topic", Outcome.ACKNOWLEDGED)
        for _ in range(records)
    ]
    found: dict[int, int] = {}
    ends = [0] * PARTITIONS
    for number in range(records):
        lane = rng.randrange(PARTITIONS)
        ends[lane] += rng.choice((0, 0, 0, 1))  # a transaction's marker lies between
        found[place(lane, ends[lane])] = number
        ends[lane] += 1
    truth = Truth(entries, lanes, found)
    return Run(truth, [_client(rng, truth, number, ends) for number in range(clients)])


def _audience(rng: random.Random) -> Audience:
    dice = rng.random()
    if dice < 0.05:
        return Audience(Scope.EVERYONE)
    if dice < 0.2:
        return Audience(Scope.USER, rng.choice(USERS))
    return Audience(Scope.ORGANIZATION, rng.choice(ORGANIZATIONS))


def _client(rng: random.Random, truth: Truth, number: int, ends: Sequence[int]) -> ClientHistory:
    types = frozenset({"A"}) if number % 5 == 4 else None
    organizations = frozenset(rng.sample(ORGANIZATIONS, rng.randint(1, 3)))
    viewer = Viewer(organizations, USERS[number % len(USERS)], types)
    dialect = Dialect.PLAIN if number % 4 == 3 else Dialect.V1
    client = ClientHistory(f"client-{number}", viewer, dialect, arrived=True)
    due = truth.due(viewer)
    at = [rng.randint(0, ends[lane] // 4) for lane in range(PARTITIONS)]
    asked: str | None = None
    while True:
        connection = Connection(0, asked)
        client.connections.append(connection)
        if dialect is Dialect.V1:
            connection.said(cursor_of(at))
        last = rng.random() < 0.3
        for _ in range(rng.randint(1, 6)):
            goal = [end if last else rng.randint(a, end) for a, end in zip(at, ends, strict=True)]
            _send(rng, connection, due.numbers, at, goal)
            at = goal
            if dialect is Dialect.V1:
                connection.said(cursor_of(at))
        if last:
            return client
        if rng.random() < 0.3:  # what it had stored is older
            at = [rng.randint(a // 2, a) for a in at]
        asked = cursor_of(at)


def _send(
    rng: random.Random,
    connection: Connection,
    numbers: dict[int, int] | object,
    at: Sequence[int],
    goal: Sequence[int],
) -> None:
    """Everything that is due from `at` to `goal`, partitions mixed, each in its order."""
    assert isinstance(numbers, dict)
    queues = [
        [
            (place(lane, offset), numbers[place(lane, offset)])
            for offset in range(at[lane], goal[lane])
            if place(lane, offset) in numbers
        ]
        for lane in range(PARTITIONS)
    ]
    left = [queue[::-1] for queue in queues if queue]
    while left:
        queue = rng.choice(left)
        connection.took(*queue.pop())
        if not queue:
            left.remove(queue)


def cursor_of(at: Sequence[int]) -> str:
    """A cursor of the imaginary topic."""
    return f"1~AAAAAAAA:{','.join(map(str, at))}"


def events_of(client: ClientHistory) -> list[tuple[int, int]]:
    """Connection and index of each event that a client was sent."""
    return [
        (number, index)
        for number, connection in enumerate(client.connections)
        for index in range(len(connection.numbers))
    ]


def lane_at(connection: Connection, index: int, truth: Truth) -> int:
    """The lane of an event, also of a plain client's."""
    return lane_of(truth.place_of[connection.numbers[index]])[0]
