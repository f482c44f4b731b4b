"""What the people of the demonstration do: a day of three societies, told in minutes, through REST.

Approvals wait some seconds for their treasurer's decision; members join, pay and are told. Endless,
and in order of time. It decides and asks nobody: the clock, chance and the answers are passed in.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from unionflow_cli.core import samples
from unionflow_cli.core.samples import SOCIETIES, Chance, Person, Society
from unionflow_events import EventType

Answer = Mapping[str, Any]
FAR_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Act:
    """One request. at: seconds after the day began. says: the event that it will cause.

    user, roles: whose request it is; organization: where they are that.
    """

    at: float
    method: str
    path: str
    body: Mapping[str, Any] | None
    user: str
    roles: str
    organization: str | None
    says: EventType | None
    then: Callable[[Answer, float], None] = field(repr=False)


Do = Callable[[float], Act | None]


@dataclass(slots=True)
class _Desk:
    """A society as its bots know it: contributions that wait to be paid."""

    society: Society
    owed: list[Answer] = field(default_factory=list)

    @property
    def treasurer(self) -> _Officer:
        """Who decides and takes payments."""
        return _Officer(self, self.society.treasurer.id, "treasurer")

    @property
    def president(self) -> _Officer:
        """Who takes in members and calls meetings."""
        return _Officer(self, f"president-of-{self.society.id}", "president")


class Bots:
    """Iterate over it for acts; tell each `then` what was answered and when.

    wall: turns seconds of the day into RFC 3339. run: makes addresses of this run differ from
    those of the run before.
    """

    def __init__(self, chance: Chance, wall: Callable[[float], str], run: str) -> None:
        self._chance = chance
        self._wall = wall
        self._run = run
        self._count = 0
        self._agenda: list[tuple[float, int, Do]] = []
        for turn, society in enumerate(SOCIETIES):
            self._open(_Desk(society), turn)
        self._at(12.0, self._broadcast)

    def __iter__(self) -> Iterator[Act]:
        while self._agenda:
            now, _, do = heapq.heappop(self._agenda)
            act = do(now)
            if act is not None:
                yield act

    def _open(self, desk: _Desk, turn: int) -> None:
        """First acts early and apart, so that the first seconds show something of everyone."""
        self._at(0.1 + 0.2 * turn, lambda now: self._look(desk, now))
        self._at(0.6 + 1.4 * turn, lambda now: self._request(desk, now))
        self._at(2.4 + 1.3 * turn, lambda now: self._pay(desk, now))
        self._at(4.1 + 3.1 * turn, lambda now: self._newcomer(desk, now))
        self._at(8.7 + 4.3 * turn, lambda now: self._meeting(desk, now))

    def _at(self, when: float, do: Do) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (when, self._count, do))

    def _between(self, least: float, most: float) -> float:
        return least + (most - least) * self._chance.random()

    def _look(self, desk: _Desk, now: float) -> Act:
        """What is owed; asked again when all of it is paid."""

        def then(answer: Answer, _now: float) -> None:
            desk.owed = list(answer.get("items", ()))

        query = f"organizationId={desk.society.id}&status=DUE&sort=-dueOn&limit=50"
        return desk.treasurer.act(now, f"GET /contributions?{query}", None, None, then)

    def _request(self, desk: _Desk, now: float) -> Act:
        society = desk.society
        member = self._chance.choice(society.members)
        kind, reason = self._chance.choice(samples.REQUESTS)
        self._at(now + self._between(6.0, 11.0), lambda then: self._request(desk, then))

        def decided(answer: Answer, asked: float) -> None:
            decision = asked + self._between(3.0, 7.0)
            self._at(decision, lambda then: self._decide(desk, answer, member, then))

        body = {
            "organizationId": society.id,
            "transactionType": kind,
            "amount": str(5_000 * self._chance.randint(5, 120)),
            "currency": society.currency,
            "reason": reason,
        }
        return Act(
            *(now, "POST", "/finance/approvals", body, member.id, "member", society.id),
            EventType.APPROVAL_PENDING,
            decided,
        )

    def _decide(self, desk: _Desk, approval: Answer, member: Person, now: float) -> Act | None:
        if "id" not in approval:  # it was not made: nothing to decide
            return None
        granted = self._chance.random() < 0.75
        verdict = "approuvé" if granted else "rejeté"
        kind = samples.KINDS[str(approval["transactionType"])]
        said = EventType.APPROVAL_APPROVED if granted else EventType.APPROVAL_REJECTED
        body = None if granted else {"reason": self._chance.choice(samples.REFUSALS)}
        verb = "approve" if granted else "reject"

        def tell(_answer: Answer, then: float) -> None:
            notice = {
                "organizationId": desk.society.id,
                "userId": member.id,
                "title": f"Votre {kind} est {verdict}",
                "body": f"{desk.society.treasurer.name} a {verdict} votre {kind}.",
            }
            said, request = EventType.USER_NOTIFICATION, "POST /notifications"
            self._at(then + 0.1, lambda at: desk.treasurer.act(at, request, notice, said))

        request = f"POST /finance/approvals/{approval['id']}/{verb}"
        return desk.treasurer.act(now, request, body, said, tell)

    def _pay(self, desk: _Desk, now: float) -> Act:
        self._at(now + self._between(4.0, 9.0), lambda then: self._pay(desk, then))
        if not desk.owed:
            return self._look(desk, now)
        owed = desk.owed.pop()
        body = {"amount": str(owed["remaining"]), "method": "MOBILE_MONEY"}
        request = f"POST /contributions/{owed['id']}/payments"
        return desk.treasurer.act(now, request, body, EventType.CONTRIBUTION_PAID)

    def _newcomer(self, desk: _Desk, now: float) -> Act:
        self._at(now + self._between(18.0, 28.0), lambda then: self._newcomer(desk, then))
        first, last = self._chance.choice(samples.NEWCOMERS).split(" ")
        self._count += 1
        body = {
            "organizationId": desk.society.id,
            "firstName": first,
            "lastName": last,
            "email": f"{first}.{last}.{self._run}.{self._count}@example.org".lower(),
        }

        def joined(answer: Answer, then: float) -> None:
            if "id" in answer:
                correction = then + self._between(4.0, 8.0)
                self._at(correction, lambda at: self._correct(desk, answer["id"], at))

        return desk.president.act(now, "POST /members", body, EventType.MEMBER_CREATED, joined)

    def _correct(self, desk: _Desk, member_id: str, now: float) -> Act:
        body = {"phone": f"+229 21 {self._chance.randint(0, 9999):04}"}
        request = f"PATCH /members/{member_id}"
        return desk.president.act(now, request, body, EventType.MEMBER_UPDATED)

    def _meeting(self, desk: _Desk, now: float) -> Act:
        self._at(now + self._between(25.0, 40.0), lambda then: self._meeting(desk, then))
        starts = now + FAR_SECONDS * self._chance.randint(3, 40)
        body = {
            "organizationId": desk.society.id,
            "title": self._chance.choice(samples.MEETINGS),
            "startsAt": self._wall(starts),
            "endsAt": self._wall(starts + 7_200),
        }
        return desk.president.act(now, "POST /events", body, EventType.EVENT_UPDATED)

    def _broadcast(self, now: float) -> Act:
        self._at(now + self._between(25.0, 40.0), self._broadcast)
        body = {"title": self._chance.choice(samples.NOTICES), "body": "L'équipe de la plateforme."}
        return Act(
            *(now, "POST", "/notifications", body, "platform", "administrator", None),
            EventType.BROADCAST_NOTIFICATION,
            _nothing,
        )


@dataclass(frozen=True, slots=True)
class _Officer:
    """Acts in the name of a society's officer."""

    desk: _Desk
    user: str
    roles: str

    def act(
        self,
        now: float,
        request: str,
        body: Mapping[str, Any] | None,
        says: EventType | None,
        then: Callable[[Answer, float], None] | None = None,
    ) -> Act:
        """request: method and path."""
        method, path = request.split(" ", 1)
        organization = self.desk.society.id
        return Act(
            now, method, path, body, self.user, self.roles, organization, says, then or _nothing
        )


def _nothing(_answer: Answer, _now: float) -> None:
    """Nothing follows."""


def subject_of(event_type: str, data: object) -> str | None:
    """What joins a request with its event: the type and the id of what it is about."""
    if isinstance(data, Mapping) and "id" in data:
        return f"{event_type} {data['id']}"
    return None
