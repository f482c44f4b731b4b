"""Ended memberships, case by case: what a relay must have known by then, and what it may have."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.chaos.checker import judge
from tests.chaos.history import NO_PLACE, ClientHistory, Connection, Dialect, Range, Told
from tests.chaos.ledger import Audience, Entry, Outcome, Ruling, Scope, Truth, Viewer
from tests.chaos.places import Lanes, place
from tests.chaos.rights import Knowledge
from tests.chaos.verdict import Wrong

AUDIENCE = Audience(Scope.ORGANIZATION, "A")
BOTH, ONLY_B = ("A", "B"), ("B",)
ENDED, RESTORED = 50.0, 60.0
OLD, NEW = 40.0, 55.0


def entry(moment: float = 0.0, *, suspended: bool = True, organization: str = "A") -> Entry:
    ruling = Ruling("anna", "A", moment, suspended) if moment else None
    audience = Audience(Scope.ORGANIZATION, organization)
    return Entry(audience, "T", "topic", Outcome.ACKNOWLEDGED, ruling)


class World:
    """Partition 0 has A's records 0 to 3, of which 1 ends anna's membership; 1 has 4 and 5.

    restored: record 3 gives it back. retired: partition 1 is of a topic that was deleted.
    """

    def __init__(
        self, *, restored: bool = False, dialect: Dialect = Dialect.V1, retired: bool = False
    ) -> None:
        lanes = Lanes()
        lanes.number("TTTTTTTT.0")
        lanes.number("TTTTTTTT.1")
        last = entry(RESTORED, suspended=False) if restored else entry()
        entries = [entry(), entry(ENDED), entry(), last, entry(), entry(organization="B")]
        at = [place(0, 0), place(0, 1), place(0, 2), place(0, 3), place(1, 0), place(1, 1)]
        found = {p: n for n, p in enumerate(at)}
        self.truth = Truth(entries, lanes, found, {1: "topic"} if retired else {})
        self.at = at
        viewer = Viewer(frozenset(BOTH), "anna")
        self.client = ClientHistory("one", viewer, dialect, arrived=True)
        self.others: list[ClientHistory] = []

    def connect(
        self,
        shown: Sequence[str] = BOTH,
        *,
        asked: str | None = None,
        token: float = OLD,
        began: float = 100.0,
    ) -> Connection:
        connection = Connection(0, asked, token, began, process="pod")
        self.client.connections.append(connection)
        if self.client.dialect is not Dialect.PLAIN:
            where = asked or "1~TTTTTTTT:0,0"
            connection.said(where, Told.WELCOME, began, organizations=shown)
        return connection

    def event(self, connection: Connection, *numbers: int) -> None:
        plain = self.client.dialect is Dialect.PLAIN
        for number in numbers:
            connection.took(NO_PLACE if plain else self.at[number], number)

    def wrongs(self) -> dict[Wrong, int]:
        knowledge = Knowledge(self.truth, [self.client, *self.others])
        return dict(judge(self.truth, self.client, knowledge).wrongs)


def access(
    connection: Connection,
    cursor: str,
    shown: Sequence[str],
    *,
    at: float = 110.0,
    token: float = OLD,
) -> None:
    connection.said(cursor, Told.ACCESS, at, organizations=shown, issued_at=token)


def beat(connection: Connection, cursor: str) -> None:
    connection.said(cursor, Told.HEARTBEAT, 120.0)


def test_what_came_before_it_was_taken_is_right_and_what_follows_is_not_missed() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 4, 0)
    access(connection, "1~TTTTTTTT:1,1", ONLY_B)
    world.event(connection, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == {}


@pytest.mark.parametrize("number", [2, 3])
def test_a_record_from_beyond_the_ruling_in_its_partition_is_a_leak(number: int) -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0, number)
    assert world.wrongs()[Wrong.LEAK] == 1


def test_a_record_of_another_partition_is_one_once_the_relay_has_shown_that_it_knows() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0)
    beat(connection, "1~TTTTTTTT:2,0")
    world.event(connection, 4)
    assert world.wrongs()[Wrong.LEAK] == 1


def test_as_long_as_it_has_not_it_is_none() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0)
    beat(connection, "1~TTTTTTTT:1,0")
    world.event(connection, 4)
    access(connection, "1~TTTTTTTT:1,1", ONLY_B)
    world.event(connection, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == {}


def test_a_cursor_in_a_replay_shows_nothing_since_it_may_be_the_client_s_own() -> None:
    world = World()
    connection = world.connect(asked="1~TTTTTTTT:4,0")
    beat(connection, "1~TTTTTTTT:4,0")
    world.event(connection, 4)
    access(connection, "1~TTTTTTTT:4,1", ONLY_B)
    world.event(connection, 5)
    assert world.wrongs() == {}


def test_whatever_the_relay_has_said_to_be_taken_may_not_come() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    world.event(connection, 4, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == {Wrong.LEAK: 1}


@pytest.mark.parametrize(("seen_at", "found"), [(99.0, 1), (101.0, 0)])
def test_a_replay_to_one_who_comes_after_the_relay_had_shown_it_knows_is_a_leak(
    seen_at: float, found: int
) -> None:
    world = World()
    other = Connection(0, None, process="pod", began=90.0)
    other.said("1~TTTTTTTT:0,0", Told.WELCOME, 90.0)
    other.said("1~TTTTTTTT:4,0", Told.HEARTBEAT, seen_at)
    watcher = ClientHistory("other", Viewer(user="bert"), Dialect.V1, connections=[other])
    world.others.append(watcher)
    connection = world.connect(ONLY_B, asked="1~TTTTTTTT:0,0")
    world.event(connection, 5)
    connection.said("1~TTTTTTTT:4,2", Told.RECOVERED, 105.0)
    assert world.wrongs() == {}
    world.client.connections.clear()
    connection = world.connect(BOTH, asked="1~TTTTTTTT:0,0")
    world.event(connection, 4)
    assert world.wrongs().get(Wrong.LEAK, 0) == 2 * found  # that it says so, and that it does so


def test_a_token_issued_after_it_brings_it_back() -> None:
    world = World()
    connection = world.connect(token=NEW)
    world.event(connection, 0, 1, 2, 3, 4, 5)
    assert world.wrongs() == {}


def test_a_token_sent_ahead_brings_back_what_follows_and_not_what_was_passed() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    access(connection, "1~TTTTTTTT:3,0", BOTH, token=NEW)
    world.event(connection, 3, 4, 5)
    assert world.wrongs() == {}


def test_what_was_brought_back_is_due() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    access(connection, "1~TTTTTTTT:3,0", BOTH, token=NEW)
    world.event(connection, 4, 5)
    assert world.wrongs() == {Wrong.LOSS: 1}


def test_active_brings_it_back() -> None:
    world = World(restored=True)
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    access(connection, "1~TTTTTTTT:4,0", BOTH)
    world.event(connection, 4, 5)
    assert world.wrongs() == {}


@pytest.mark.parametrize(("until", "found"), [(RESTORED - 1, {Wrong.LEAK: 2}), (RESTORED + 1, {})])
def test_an_active_excuses_only_what_came_after_it_was_written(
    until: float, found: dict[Wrong, int]
) -> None:
    world = World(restored=True)
    connection = world.connect(began=ENDED + 1)
    world.event(connection, 0, 1, 2)  # its own record, which takes, and the one behind it
    connection.tick(until)
    access(connection, "1~TTTTTTTT:3,0", ONLY_B, at=RESTORED - 1)
    world.event(connection, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == found


def test_a_relay_that_does_not_give_back_is_accused() -> None:
    world = World(restored=True)
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    beat(connection, "1~TTTTTTTT:4,0")
    access(connection, "1~TTTTTTTT:4,0", ONLY_B)
    world.event(connection, 5)
    assert world.wrongs() == {Wrong.TAKEN: 1}


@pytest.mark.parametrize(
    ("what", "token", "at"),
    [("by a token issued after it", NEW, 110.0), ("before it was written", OLD, ENDED - 1)],
)
def test_to_take_what_nobody_has_taken_is_wrong(what: str, token: float, at: float) -> None:
    world = World()
    connection = world.connect(token=token)
    access(connection, "1~TTTTTTTT:0,0", ONLY_B, at=at, token=token)
    world.event(connection, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == {Wrong.TAKEN: 1}, what


def test_a_relay_that_shows_what_the_token_has_not_is_accused() -> None:
    world = World()
    connection = world.connect((*BOTH, "C"), token=NEW)
    world.event(connection, 0, 1, 2, 3, 4, 5)
    assert world.wrongs() == {Wrong.LEAK: 1}


def test_silence_about_what_is_not_sent_is_a_loss() -> None:
    world = World()
    connection = world.connect()
    world.event(connection, 0, 5)
    beat(connection, "1~TTTTTTTT:4,2")
    assert world.wrongs() == {Wrong.LOSS: 4}


@pytest.mark.parametrize(("sent", "found"), [((0, 4, 5), {}), ((4, 0, 2), {Wrong.LEAK: 1})])
def test_of_a_plain_client_the_ruling_s_own_partition_tells(
    sent: Sequence[int], found: dict[Wrong, int]
) -> None:
    world = World(dialect=Dialect.PLAIN)
    world.event(world.connect(), *sent)
    assert world.wrongs() == found


@pytest.mark.parametrize(("shown", "found"), [(ONLY_B, {}), (BOTH, {Wrong.LOSS: 1})])
def test_what_a_topic_had_before_what_is_declared_of_it_is_judged_by_what_was_shown(
    shown: Sequence[str], found: dict[Wrong, int]
) -> None:
    world = World(retired=True)
    connection = world.connect()
    world.event(connection, 0)
    access(connection, "1~TTTTTTTT:1,0", ONLY_B)
    if shown == BOTH:
        access(connection, "1~TTTTTTTT:4,0", BOTH, token=NEW)
    gone = Range("topic", 1, 1, 0, "topic-replaced")
    connection.said("1~TTTTTTTT:4", Told.TRUNCATED, 115.0, ranges=[gone])
    verdict = judge(world.truth, world.client, Knowledge(world.truth, [world.client]))
    assert (dict(verdict.wrongs), verdict.truncated) == (found, 1)
