"""The sample traffic of `unionflow dev`: what three societies do in a day, told in minutes.

Approvals wait some seconds for their treasurer's decision; figures come every ten seconds, as in
the first system; members join, pay and are told. Endless, and in order of time; the clock and
chance are the caller's.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from unionflow_cli.core import samples
from unionflow_cli.core.samples import SOCIETIES, Chance, Data, Person, Society
from unionflow_events import EventType

STATISTICS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """One event to publish, `at` seconds after the traffic began."""

    at: float
    event_type: EventType
    data: Data
    organization_id: str | None = None
    user_id: str | None = None


Act = Callable[[float], None]


@dataclass(slots=True)
class _Books:
    """A society's figures as they go on."""

    society: Society
    members: int
    contributions: int
    pending: int = 0


class Traffic:
    """Iterate over it for the steps. Times within it are seconds since its start.

    wall: turns such a time into RFC 3339, for the times inside payloads.
    run: makes ids of this run differ from those of the run before.
    """

    def __init__(self, chance: Chance, wall: Callable[[float], str], run: str) -> None:
        self._chance = chance
        self._wall = wall
        self._run = run
        self._count = 0
        self._agenda: list[tuple[float, int, Act]] = []
        self._steps: list[Step] = []
        for turn, society in enumerate(SOCIETIES):
            self._open(_Books(society, 180 + 116 * turn, 8_400_000 + 2_150_000 * turn), turn)
        self._at(12.0, self._broadcast)

    def __iter__(self) -> Iterator[Step]:
        while self._agenda:
            now, _, act = heapq.heappop(self._agenda)
            act(now)
            yield from self._steps
            self._steps.clear()

    def _open(self, books: _Books, turn: int) -> None:
        """First acts early and apart, so that the first seconds show something of everyone."""
        self._at(0.2 + 0.9 * turn, lambda now: self._statistics(books, now))
        self._at(0.6 + 1.7 * turn, lambda now: self._request(books, now))
        self._at(2.4 + 1.3 * turn, lambda now: self._contribution(books, now))
        self._at(4.1 + 3.1 * turn, lambda now: self._newcomer(books, now))
        self._at(6.3 + 2.9 * turn, lambda now: self._indicator(books, now))
        self._at(8.7 + 4.3 * turn, lambda now: self._meeting(books, now))

    def _at(self, when: float, act: Act) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (when, self._count, act))

    def _between(self, least: float, most: float) -> float:
        return least + (most - least) * self._chance.random()

    def _new_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._run}-{self._count}"

    def _tell(self, now: float, kind: EventType, data: Data, books: _Books) -> None:
        self._steps.append(Step(now, kind, data, organization_id=books.society.id))

    def _activity(self, now: float, books: _Books, text: str) -> None:
        data = {"id": self._new_id("activity"), "text": text}
        self._tell(now, EventType.ACTIVITY_CREATED, data, books)

    def _statistics(self, books: _Books, now: float) -> None:
        figures = samples.statistics(books.members, books.contributions, books.pending)
        self._tell(now, EventType.DASHBOARD_STATS_UPDATED, figures, books)
        self._at(now + STATISTICS_SECONDS, lambda then: self._statistics(books, then))

    def _request(self, books: _Books, now: float) -> None:
        society = books.society
        member = self._chance.choice(society.members)
        kind = self._chance.choice(samples.REQUESTS)
        amount = 5_000 * self._chance.randint(5, 120)
        pending = samples.approval(
            self._new_id("approval"), kind, amount, society.currency, member.name
        )
        books.pending += 1
        self._tell(now, EventType.APPROVAL_PENDING, pending, books)
        self._activity(now, books, f"{member.name} asked for a {kind.lower()}")
        decision = now + self._between(3.0, 7.0)
        self._at(decision, lambda then: self._decide(books, pending, member, then))
        self._at(now + self._between(6.0, 11.0), lambda then: self._request(books, then))

    def _decide(self, books: _Books, pending: Data, member: Person, now: float) -> None:
        treasurer, at = books.society.treasurer.name, self._wall(now)
        kind = str(pending["transactionType"]).lower()
        books.pending -= 1
        if self._chance.random() < 0.75:
            verdict = "approved"
            data = samples.approved(pending, treasurer, at)
            self._tell(now, EventType.APPROVAL_APPROVED, data, books)
        else:
            verdict = "rejected"
            reason = self._chance.choice(samples.REFUSALS)
            data = samples.rejected(pending, treasurer, at, reason)
            self._tell(now, EventType.APPROVAL_REJECTED, data, books)
        self._activity(now, books, f"{treasurer} {verdict} a {kind}")
        notice = {"id": self._new_id("notice"), "title": f"Your {kind} is {verdict}"}
        self._steps.append(Step(now, EventType.USER_NOTIFICATION, notice, user_id=member.id))

    def _contribution(self, books: _Books, now: float) -> None:
        amount = 2_500 * self._chance.randint(1, 12)
        books.contributions += amount
        data = {
            "id": self._new_id("contribution"),
            "member": self._chance.choice(books.society.members).name,
            "amount": str(amount),
            "currency": books.society.currency,
        }
        self._tell(now, EventType.CONTRIBUTION_PAID, data, books)
        self._at(now + self._between(4.0, 9.0), lambda then: self._contribution(books, then))

    def _newcomer(self, books: _Books, now: float) -> None:
        first, last = self._chance.choice(samples.NEWCOMERS).split(" ")
        data = {"id": self._new_id("member"), "firstName": first, "lastName": last}
        books.members += 1
        self._tell(now, EventType.MEMBER_CREATED, {**data, "status": "ACTIVE"}, books)
        self._activity(now, books, f"{first} {last} joined")
        phone = {**data, "status": "ACTIVE", "phone": f"+229 21 {self._chance.randint(0, 9999):04}"}
        correction = now + self._between(4.0, 8.0)
        self._at(correction, lambda t: self._tell(t, EventType.MEMBER_UPDATED, phone, books))
        self._at(now + self._between(18.0, 28.0), lambda then: self._newcomer(books, then))

    def _indicator(self, books: _Books, now: float) -> None:
        rate = round(self._between(71.0, 96.0), 1)
        data = {"name": "collection rate", "value": rate, "unit": "%"}
        self._tell(now, EventType.KPI_UPDATED, data, books)
        self._at(now + self._between(15.0, 25.0), lambda then: self._indicator(books, then))

    def _meeting(self, books: _Books, now: float) -> None:
        title = self._chance.choice(samples.MEETINGS)
        data = {
            "id": self._new_id("event"),
            "title": title,
            "date": self._wall(now + 86_400 * self._chance.randint(3, 40)),
        }
        self._tell(now, EventType.EVENT_UPDATED, data, books)
        self._at(now + self._between(25.0, 40.0), lambda then: self._meeting(books, then))

    def _broadcast(self, now: float) -> None:
        data = {"id": self._new_id("notice"), "title": self._chance.choice(samples.NOTICES)}
        self._steps.append(Step(now, EventType.BROADCAST_NOTIFICATION, data))
        self._at(now + self._between(25.0, 40.0), self._broadcast)
