"""Histories of imaginary runs in which nothing is wrong, for the checker to be tried on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.history import ClientHistory, Connection, Dialect, Told
from tests.chaos.ledger import Audience, Entry, Outcome, Ruling, Scope, Truth, Viewer
from tests.chaos.places import Lanes, lane_of, place

PARTITIONS = 5
ORGANIZATIONS = tuple(f"org-{number}" for number in range(8))
USERS = tuple(f"user-{number}" for number in range(9))
RULED = USERS[:4]
_MOMENT = 50.0  # when memberships end: after the first tokens, before anybody comes
_NEW_TOKEN = _MOMENT + 10


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
    for number, user in enumerate(RULED):
        for organization in ORGANIZATIONS[number::4]:
            ruling = Ruling(user, organization, _MOMENT, suspended=True)
            audience = Audience(Scope.ORGANIZATION, organization)
            at = rng.randint(records // 2, records * 3 // 4)
            entries[at] = Entry(audience, "A", "topic", Outcome.ACKNOWLEDGED, ruling)
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
    dialect = (Dialect.V1, Dialect.SSE, Dialect.V1, Dialect.PLAIN)[number % 4]
    client = ClientHistory(f"client-{number}", viewer, dialect, arrived=True)
    at = [rng.randint(0, ends[lane] // 4) for lane in range(PARTITIONS)]
    service = _Service(rng, truth, client, at)
    asked: str | None = None
    while True:
        if asked is not None and rng.random() < 0.2:
            service.new_token()
        service.connect(asked)
        last = rng.random() < 0.3
        for _ in range(rng.randint(1, 6)):
            service.go_to(
                [end if last else rng.randint(a, end) for a, end in zip(at, ends, strict=True)]
            )
        if last:
            return client
        if rng.random() < 0.3:  # what it had stored is older
            at[:] = [rng.randint(a // 2, a) for a in at]
        asked = cursor_of(at)


class _Service:
    """How a perfect relay serves one client. at: the next offsets, which it moves on."""

    def __init__(
        self, rng: random.Random, truth: Truth, client: ClientHistory, at: list[int]
    ) -> None:
        self._rng = rng
        self._truth = truth
        self._client = client
        self._typed = client.dialect is not Dialect.PLAIN
        self._at = at
        self._due = truth.due(client.viewer).numbers
        self._clock = 100.0
        self._issued_at = 0.0
        self._ended: set[str] = set()
        self._to_come = [
            (*lane_of(truth.place_of[number]), entry.ruling.organization)
            for number, entry in enumerate(truth.entries)
            if entry.ruling is not None
            and entry.ruling.user == client.viewer.user
            and entry.ruling.organization in client.viewer.organizations
        ]
        self._recovers = False
        self._connection: Connection

    def new_token(self) -> None:
        """One that was issued after everything that ended."""
        self._issued_at = _NEW_TOKEN
        self._ended.clear()
        self._to_come.clear()

    def connect(self, asked: str | None) -> None:
        """The client comes."""
        self._clock += 1
        self._connection = Connection(
            0, asked, self._issued_at, self._clock, process=self._client.name
        )
        self._client.connections.append(self._connection)
        self._recovers = asked is not None
        self._say(Told.WELCOME)

    def go_to(self, goal: Sequence[int]) -> None:
        """Send everything up to there, memberships that end on the way observed."""
        for lane, offset, organization in sorted(self._to_come):
            if self._at[lane] <= offset < goal[lane]:
                self._send([*self._at[:lane], offset, *self._at[lane + 1 :]])
                self._to_come.remove((lane, offset, organization))
                self._ended.add(organization)
                self._say(Told.ACCESS)
        self._send(goal)
        if self._client.dialect is Dialect.SSE:
            self._say(Told.EVENTS)
        recovers = self._recovers
        self._recovers = False
        self._say(Told.RECOVERED if recovers else Told.HEARTBEAT)

    def _say(self, told: Told) -> None:
        if not self._typed:
            return
        self._clock += 1
        shown = None
        if told in {Told.WELCOME, Told.ACCESS}:
            shown = self._client.viewer.organizations - self._ended
        issued_at = self._issued_at if told is Told.ACCESS else None
        self._connection.said(
            cursor_of(self._at), told, self._clock, organizations=shown, issued_at=issued_at
        )

    def _send(self, goal: Sequence[int]) -> None:
        """Everything that is due up to `goal`, partitions mixed, each in its order."""
        queues = [
            [
                (place(lane, offset), self._due[place(lane, offset)])
                for offset in range(self._at[lane], goal[lane])
                if place(lane, offset) in self._due and self._shows(self._due[place(lane, offset)])
            ]
            for lane in range(PARTITIONS)
        ]
        left = [queue[::-1] for queue in queues if queue]
        while left:
            queue = self._rng.choice(left)
            self._connection.took(*queue.pop())
            if not queue:
                left.remove(queue)
        self._at[:] = goal

    def _shows(self, number: int) -> bool:
        audience = self._truth.entries[number].audience
        return audience.scope is not Scope.ORGANIZATION or audience.id not in self._ended


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
