"""Holds what each client was sent against what Kafka had and what the wire promises.

On one connection a partition only goes forward: from where the client asked, over everything that
is due to it, each record once. An event, or a cursor in whatever frame, passes what lies before
it; what is due there and neither came nor was declared truncated is an undetected loss, even where
a later connection brings it after all. Across connections a record may come again.

Which organisations a client sees, the relay says (`welcome`, `access`), and it is held to that:
what it names is due from there on, and what it does not name may not come. What it says is held to
the tokens and to the rulings in Kafka in turn, so that it can neither give nor take as it likes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.chaos.history import ClientHistory, Connection, Dialect, Mark, Range, Told
from tests.chaos.ledger import Due, Outcome, Scope, Truth
from tests.chaos.places import lane_of, place
from tests.chaos.rights import Knowledge, Reach
from tests.chaos.verdict import Evidence, Verdict, Wrong

REPLACED = "topic-replaced"
_NOTHING: frozenset[str] = frozenset()


def judge(truth: Truth, client: ClientHistory, knowledge: Knowledge | None = None) -> Verdict:
    """What one client was sent, for better and worse.

    knowledge: what the relays must have known, by what all clients were sent; None: by this one.
    """
    return _Case(truth, client, knowledge or Knowledge(truth, [client])).close()


@dataclass(slots=True)
class _Walk:
    """One connection on the way.

    next: by lane, before what it may not go back. proven: by lane, what the relay has read itself.
    known: rulings that it knew before the client came. ended: organisations that the relay
    does not show. issued_at: of the token by which it is served.
    """

    number: int
    connection: Connection
    next: dict[int, int] = field(default_factory=dict)
    started: bool = False
    live: bool = False
    proven: dict[int, int] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    ended: frozenset[str] = _NOTHING
    issued_at: float = 0.0

    def reach(self, latest: float) -> Reach:
        """What the relay has read by now."""
        return Reach(self.proven, self.known, latest)


class _Case:
    """One client's case."""

    def __init__(self, truth: Truth, client: ClientHistory, knowledge: Knowledge) -> None:
        self._truth = truth
        self._client = client
        self._knowledge = knowledge
        self._ruled = knowledge.rights.ruled(client.viewer.user)
        self._due: Due = truth.due(client.viewer)
        self._verdict = Verdict(client.name, client.transport)
        self._had: set[int] = set()
        self._declared: set[int] = set()
        self._lost: set[int] = set()
        self._excused: set[int] = set()  # passed while their organisation was not the client's
        self._start: Mapping[int, int] | None = None
        self._began_live = False

    def close(self) -> Verdict:
        """Walk every connection, and say what is missing in the end."""
        verdict = self._verdict
        for number, connection in enumerate(self._client.connections, start=1):
            walk = _Walk(number, connection, issued_at=connection.issued_at)
            walk.known = self._knowledge.of(connection.process, connection.began)
            for fault in connection.faults:
                self._accuse(Wrong.BROKEN, walk, fault)
            if self._client.dialect is Dialect.PLAIN:
                self._walk_plain(walk)
            else:
                self._walk(walk)
            verdict.received += len(connection.numbers)
        if self._start is not None:
            self._miss_the_rest(self._start)
        if not self._client.arrived:
            last = self._client.connections[-1:]
            code = last[0].code if last else "none"
            verdict.accuse(Wrong.ABSENT, Evidence(0, -1, f"not live in the end; last close {code}"))
        verdict.connections = len(self._client.connections)
        verdict.delivered = len(self._had)
        verdict.repeated = verdict.received - verdict.strangers - len(self._had)
        verdict.truncated = len(self._declared - self._had)
        return verdict

    def _walk(self, walk: _Walk) -> None:
        connection = walk.connection
        if connection.asked is not None:
            walk.next = dict(self._truth.lanes.cursor(connection.asked))
            self._begin(walk)
        for begin, end, mark in connection.stretches():
            if begin < end and not walk.started:
                self._accuse(Wrong.BROKEN, walk, "an event before welcome")
            places = connection.places[begin:end]
            numbers = connection.numbers[begin:end]
            for index, (at, number) in enumerate(zip(places, numbers, strict=True), start=begin):
                self._event(walk, index, at, number)
            if mark is not None:
                self._mark(walk, mark)

    def _mark(self, walk: _Walk, mark: Mark) -> None:
        cursor = self._truth.lanes.cursor(mark.cursor)
        if not walk.started:
            walk.live = walk.connection.asked is None
            if walk.live:
                walk.next = dict(cursor)
                self._begin(walk)
        walk.live = walk.live or mark.told is Told.RECOVERED
        for gap in mark.ranges:
            self._declare(walk, gap)
        if not walk.started:  # what it says to begin with holds for what it passes
            self._told(walk, mark)
        came_to = walk.next
        for lane, offset in cursor.items():
            if offset > came_to.get(lane, 0):
                self._pass(walk, lane, offset, "a cursor")
        if walk.live:
            walk.proven.update(cursor)
        if walk.started:
            self._told(walk, mark)
        walk.started = True

    def _told(self, walk: _Walk, mark: Mark) -> None:
        """The relay says what the client sees: neither more nor less than is right."""
        if mark.organizations is None:
            return
        if mark.issued_at is not None:
            walk.issued_at = mark.issued_at
        viewer, reach, rights = self._client.viewer, walk.reach(mark.at), self._knowledge.rights
        walk.ended = viewer.organizations - mark.organizations
        for organization in sorted(mark.organizations):
            what = f"{mark.told} shows {organization}"
            if organization not in viewer.organizations:
                self._accuse(Wrong.LEAK, walk, f"{what}, which the token has not")
            elif rights.surely_ended(viewer.user, organization, walk.issued_at, reach):
                self._accuse(Wrong.LEAK, walk, f"{what}, which was taken")
        for organization in sorted(walk.ended):
            if not rights.perhaps_ended(viewer.user, organization, walk.issued_at, reach):
                self._accuse(Wrong.TAKEN, walk, f"{mark.told} does not show {organization}")

    def _begin(self, walk: _Walk) -> None:
        if self._start is None:
            self._start = dict(walk.next)
            self._began_live = walk.connection.asked is None

    def _event(self, walk: _Walk, index: int, at: int, number: int) -> None:
        if self._due.numbers.get(at) == number:
            self._had.add(number)
            if self._ruled:
                self._check_right(walk, index, at, number)
        else:
            self._verdict.strangers += 1
            self._accuse(*self._stranger(walk, at, number))
        lane, offset = lane_of(at)
        if offset < walk.next.get(lane, 0):
            detail = f"{self._truth.lanes.position(at)} after offset {walk.next[lane] - 1}"
            self._accuse(Wrong.STEP_BACK, walk, detail)
            return
        self._pass(walk, lane, offset, "an event")
        walk.next[lane] = offset + 1

    def _check_right(self, walk: _Walk, index: int, at: int, number: int) -> None:
        """Whether a membership had ended before this event. It shows how far the relay is, too."""
        lane, offset = lane_of(at)
        walk.proven[lane] = max(offset + 1, walk.proven.get(lane, 0))
        audience = self._truth.entries[number].audience
        if audience.scope is not Scope.ORGANIZATION:
            return
        if audience.id in walk.ended:
            self._accuse(Wrong.LEAK, walk, f"{self._named(at, number)}, which was said to be taken")
            return
        if audience.id in self._ruled:
            reach = walk.reach(walk.connection.latest(index))
            user = self._client.viewer.user
            if self._knowledge.rights.surely_ended(user, audience.id, walk.issued_at, reach):
                self._accuse(Wrong.LEAK, walk, f"{self._named(at, number)}, which was taken")

    def _named(self, at: int | None, number: int) -> str:
        where = "nowhere" if at is None else self._truth.lanes.position(at)
        audience = self._truth.entries[number].audience
        return f"record {number} at {where} for {audience.scope} {audience.id}"

    def _pass(self, walk: _Walk, lane: int, offset: int, what: str) -> None:
        """The connection is past everything before `offset`: what did not come is lost."""
        came_to = walk.next.get(lane, 0)
        if offset <= came_to:
            return
        walk.next[lane] = offset
        due = self._due.offsets.get(lane, ())
        for index in range(bisect_left(due, came_to), len(due)):
            if due[index] >= offset:
                return
            number = self._due.numbers[place(lane, due[index])]
            audience = self._truth.entries[number].audience
            if audience.scope is Scope.ORGANIZATION and audience.id in walk.ended:
                self._excused.add(number)
            elif number not in self._declared and number not in self._lost:
                self._lose(walk, number, f"passed over by {what}")

    def _declare(self, walk: _Walk, gap: Range) -> None:
        """A range is said to be gone. Right is only what was a deleted topic's."""
        lanes = list(self._lanes_meant(walk, gap)) if gap.reason == REPLACED else []
        if not lanes:
            self._accuse(Wrong.MISDECLARED, walk, f"{gap.reason}, and nothing is gone: {gap}")
        for lane in lanes:
            self._pass(walk, lane, gap.requested, "a range that begins later")
            due = self._due.offsets.get(lane, ())
            for offset in due[bisect_left(due, gap.requested) :]:
                self._declared.add(self._due.numbers[place(lane, offset)])

    def _lanes_meant(self, walk: _Walk, gap: Range) -> Iterable[int]:
        """Retired lanes that a range can mean: by its topic's name, or as the client asked."""
        asked = self._truth.lanes.cursor(walk.connection.asked or "earliest")
        for lane, topic in self._truth.retired.items():
            named = gap.topic == topic or (gap.topic is None and asked.get(lane) == gap.requested)
            if named and self._truth.lanes.partition(lane) == gap.partition:
                yield lane

    def _miss_the_rest(self, start: Mapping[int, int]) -> None:
        walk = _Walk(0, Connection(-1, None))
        never_joined = self._truth.retired.keys() - start.keys() if self._began_live else set()
        for at, number in self._due.numbers.items():
            lane, offset = lane_of(at)
            owed = offset >= start.get(lane, 0) and lane not in never_joined
            owed = owed and number not in self._had and number not in self._excused
            if owed and number not in self._declared and number not in self._lost:
                self._lose(walk, number, "never came")

    def _walk_plain(self, walk: _Walk) -> None:
        """A plain client has no cursor: its rights and each connection's order are judged."""
        for index, number in enumerate(walk.connection.numbers):
            at = self._truth.place_of.get(number)
            if at is None or at not in self._due.numbers:
                self._verdict.strangers += 1
                self._accuse(*self._stranger(walk, at, number))
            else:
                self._had.add(number)
                if self._ruled:
                    self._check_right(walk, index, at, number)
            if at is None:
                continue
            lane, offset = lane_of(at)
            if offset < walk.next.get(lane, 0):
                self._accuse(Wrong.STEP_BACK, walk, f"{self._truth.lanes.position(at)} came late")
            else:
                walk.next[lane] = offset + 1

    def _stranger(self, walk: _Walk, at: int | None, number: int) -> tuple[Wrong, _Walk, str]:
        """Why an event is none of this client's."""
        if not 0 <= number < len(self._truth.entries):
            return Wrong.UNFOUNDED, walk, f"{number}: an event that was never written"
        entry = self._truth.entries[number]
        what = self._named(at, number)
        if not self._client.viewer.may_see(entry.audience):
            return Wrong.LEAK, walk, what
        if entry.outcome is Outcome.ABORTED:
            return Wrong.ABORTED, walk, what
        if at is None or self._truth.found.get(at) != number:
            return Wrong.UNFOUNDED, walk, f"{what}: Kafka has another there, or none"
        return Wrong.UNASKED, walk, f"{what}: {entry.event_type}"

    def _lose(self, walk: _Walk, number: int, how: str) -> None:
        self._lost.add(number)
        where = self._truth.lanes.position(self._truth.place_of[number])
        self._accuse(Wrong.LOSS, walk, f"record {number} at {where} {how}")

    def _accuse(self, wrong: Wrong, walk: _Walk, detail: str) -> None:
        self._verdict.accuse(wrong, Evidence(walk.number, walk.connection.relay, detail))
