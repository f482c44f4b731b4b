"""The checker is held to what the wire promises, case by case, and misses no single fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.chaos.checker import judge
from tests.chaos.history import NO_PLACE, ClientHistory, Connection, Dialect, Range
from tests.chaos.ledger import Audience, Entry, Outcome, Scope, Truth, Viewer
from tests.chaos.places import Lanes, place
from tests.chaos.verdict import Verdict, Wrong, sum_up

A, B = Audience(Scope.ORGANIZATION, "A"), Audience(Scope.ORGANIZATION, "B")
NOBODY = Audience(Scope.NOBODY)
VIEWER = Viewer(frozenset({"A"}), "anna")


def entry(
    audience: Audience = A, type_: str = "T", outcome: Outcome = Outcome.ACKNOWLEDGED
) -> Entry:
    return Entry(audience, type_, "topic", outcome)


class World:
    """Kafka with one partition, TTTTTTTT.0, where record n lies at offset n, or nowhere."""

    def __init__(self, *entries: Entry, nowhere: Sequence[int] = (), retired: bool = False) -> None:
        self.lanes = Lanes()
        lane = self.lanes.number("TTTTTTTT.0")
        found = {place(lane, n): n for n in range(len(entries)) if n not in nowhere}
        gone = {lane: "topic"} if retired else {}
        self.truth = Truth(entries, self.lanes, found, gone)
        self.client = ClientHistory("one", VIEWER, Dialect.V1, arrived=True)

    def connect(self, asked: str | None = None, welcome: str | None = None) -> Connection:
        """A connection that was welcomed where it asked to be, or elsewhere."""
        connection = Connection(0, asked)
        self.client.connections.append(connection)
        connection.said(welcome or asked or "1~TTTTTTTT:0")
        return connection

    def event(self, connection: Connection, *offsets: int) -> None:
        for offset in offsets:
            connection.took(place(0, offset), offset)

    def judge(self) -> Verdict:
        return judge(self.truth, self.client)


def wrongs(world: World) -> dict[Wrong, int]:
    return dict(world.judge().wrongs)


THREE = (entry(), entry(), entry())


def test_a_client_that_got_everything_once_is_well_served() -> None:
    world = World(*THREE, entry(B))
    world.event(world.connect(), 0, 1, 2)
    verdict = world.judge()
    assert verdict.wrongs == Counter()
    assert (verdict.delivered, verdict.repeated, verdict.truncated) == (3, 0, 0)


def test_a_record_that_comes_again_on_another_connection_is_repeated_and_no_wrong() -> None:
    world = World(*THREE)
    world.event(world.connect(), 0, 1)
    world.event(world.connect("1~TTTTTTTT:1"), 1, 2)
    assert (world.judge().repeated, wrongs(world)) == (1, {})


def passed_by_an_event(world: World) -> None:
    world.event(world.connect(), 0, 2)


def passed_by_a_heartbeat(world: World) -> None:
    connection = world.connect()
    world.event(connection, 0)
    connection.said("1~TTTTTTTT:2")
    world.event(world.connect("1~TTTTTTTT:2"), 2)


def passed_and_brought_later(world: World) -> None:
    passed_by_an_event(world)
    world.event(world.connect("1~TTTTTTTT:0"), 0, 1, 2)


def passed_by_the_welcome(world: World) -> None:
    world.event(world.connect(), 0)
    world.event(world.connect("1~TTTTTTTT:0~TTTTTTTT.0.0", welcome="1~TTTTTTTT:2"), 2)


def never_sent(world: World) -> None:
    world.event(world.connect(), 0, 1)


def never_sent_on_an_added_partition(world: World) -> None:
    world.truth = Truth(
        [*world.truth.entries, entry()],
        world.lanes,
        {**world.truth.found, place(world.lanes.number("TTTTTTTT.1"), 0): 3},
    )
    world.event(world.connect(), 0, 1, 2)


def declared_from_too_late(world: World) -> None:
    world.truth.retired = {0: "topic"}
    connection = world.connect()
    world.event(connection, 0)
    connection.said("1", ranges=[Range("topic", 0, 2, 0, "topic-replaced")])


@pytest.mark.parametrize(
    "story",
    [
        passed_by_an_event,
        passed_by_a_heartbeat,
        passed_and_brought_later,
        passed_by_the_welcome,
        never_sent,
        never_sent_on_an_added_partition,
        declared_from_too_late,
    ],
    ids=lambda story: story.__name__,
)
def test_one_record_is_lost_where_it_was(story: Callable[[World], None]) -> None:
    world = World(*THREE)
    story(world)
    assert wrongs(world) == {Wrong.LOSS: 1}


@pytest.mark.parametrize("topic", ["topic", None])
def test_what_a_deleted_topic_had_is_declared_and_not_lost(topic: str | None) -> None:
    world = World(*THREE, retired=True)
    world.event(world.connect(), 0)
    connection = world.connect("1~TTTTTTTT:1", welcome="1")
    connection.said("1", ranges=[Range(topic, 0, 1, 0, "topic-replaced")])
    verdict = world.judge()
    assert (verdict.delivered, verdict.truncated, verdict.wrongs) == (1, 2, Counter())


@pytest.mark.parametrize(
    "gap",
    [
        Range("topic", 0, 1, 3, "retention"),
        Range("topic", 0, 3, 1, "beyond-end"),
        Range("topic", 0, 1, 0, "topic-replaced"),
        Range(None, 0, 1, 0, "topic-replaced"),
    ],
    ids=str,
)
def test_to_declare_what_is_there_is_wrong_and_excuses_nothing(gap: Range) -> None:
    world = World(*THREE)
    world.event(world.connect(), 0)
    world.connect("1~TTTTTTTT:1").said("1", ranges=[gap])
    assert wrongs(world) == {Wrong.MISDECLARED: 1, Wrong.LOSS: 2}


def test_a_topic_that_was_gone_before_the_client_came_is_not_owed() -> None:
    world = World(*THREE, retired=True)
    world.connect(welcome="1")
    assert wrongs(world) == {}


@pytest.mark.parametrize(
    ("what", "sent"), [("twice", (0, 1, 1, 2)), ("after a later one", (0, 1, 2, 1))]
)
def test_a_record_again_on_one_connection_is_a_step_back(what: str, sent: Sequence[int]) -> None:
    world = World(*THREE)
    world.event(world.connect(), *sent)
    assert wrongs(world) == {Wrong.STEP_BACK: 1}, what


def test_a_record_from_before_what_was_asked_for_is_a_step_back() -> None:
    world = World(*THREE)
    world.event(world.connect(), 0, 1)
    world.event(world.connect("1~TTTTTTTT:0~TTTTTTTT.0.1"), 1, 2)
    assert wrongs(world) == {Wrong.STEP_BACK: 1}


@pytest.mark.parametrize(
    ("stranger", "wrong"),
    [
        (entry(B), Wrong.LEAK),
        (entry(NOBODY), Wrong.LEAK),
        (entry(Audience(Scope.USER, "bert")), Wrong.LEAK),
        (entry(outcome=Outcome.ABORTED), Wrong.ABORTED),
        (entry(outcome=Outcome.UNKNOWN), Wrong.UNFOUNDED),
    ],
    ids=str,
)
def test_an_event_that_is_none_of_the_clients_is_named(stranger: Entry, wrong: Wrong) -> None:
    in_kafka = wrong is Wrong.LEAK
    world = World(*THREE, stranger, nowhere=() if in_kafka else (3,))
    world.event(world.connect(), 0, 1, 2, 3)
    verdict = world.judge()
    assert verdict.wrongs == {wrong: 1}
    assert (verdict.delivered, verdict.repeated, verdict.strangers) == (3, 0, 1)


def test_an_event_at_a_position_where_kafka_has_another_is_unfounded() -> None:
    world = World(*THREE)
    connection = world.connect()
    world.event(connection, 0, 1)
    connection.took(place(0, 2), 1)
    assert wrongs(world) == {Wrong.UNFOUNDED: 1, Wrong.LOSS: 1}


def test_an_event_type_that_was_not_asked_for_is_named() -> None:
    world = World(entry(type_="OTHER"))
    world.client.viewer = Viewer(frozenset({"A"}), "anna", frozenset({"T"}))
    world.event(world.connect(), 0)
    assert wrongs(world) == {Wrong.UNASKED: 1}


@pytest.mark.parametrize(("lies_in_kafka", "lost"), [(True, {Wrong.LOSS: 1}), (False, {})])
def test_a_record_of_unknown_outcome_is_due_where_kafka_has_it(
    lies_in_kafka: bool, lost: dict[Wrong, int]
) -> None:
    unknown = entry(outcome=Outcome.UNKNOWN)
    world = World(*THREE, unknown, nowhere=() if lies_in_kafka else (3,))
    world.event(world.connect(), 0, 1, 2)
    assert wrongs(world) == lost


def test_an_event_before_the_welcome_breaks_the_wire() -> None:
    world = World(*THREE)
    connection = Connection(0, "1~TTTTTTTT:0")
    world.client.connections.append(connection)
    world.event(connection, 0, 1, 2)
    assert wrongs(world) == {Wrong.BROKEN: 1}


def test_a_client_that_is_not_live_in_the_end_is_named() -> None:
    world = World(*THREE)
    world.event(world.connect(), 0, 1, 2)
    world.client.arrived = False
    assert wrongs(world) == {Wrong.ABSENT: 1}


@pytest.mark.parametrize(
    ("what", "sent", "found"),
    [
        ("a gap", (0, 2), {}),
        ("a step back", (0, 2, 1), {Wrong.STEP_BACK: 1}),
        ("another's record", (0, 3), {Wrong.LEAK: 1}),
    ],
)
def test_of_a_plain_client_order_and_rights_are_judged(
    what: str, sent: Sequence[int], found: dict[Wrong, int]
) -> None:
    world = World(*THREE, entry(B))
    world.client.dialect = Dialect.PLAIN
    connection = Connection(0, None)
    world.client.connections.append(connection)
    for number in sent:
        connection.took(NO_PLACE, number)
    assert wrongs(world) == found, what


def test_what_kafka_itself_lost_is_not_blamed_on_relays_but_told() -> None:
    world = World(*THREE, nowhere=(2,))
    world.event(world.connect(), 0, 1)
    gone = world.truth.gone_from_kafka()
    summary = sum_up([world.judge()], {Wrong.KAFKA: len(gone)})
    assert (list(gone), dict(summary.wrongs), summary.holds) == ([2], {Wrong.KAFKA: 1}, False)
