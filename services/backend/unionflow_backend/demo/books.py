"""A society's books over some months: who joined, what they owed and paid, what was decided.

Chance is passed in, so that the same seed and the same day make the same books.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from unionflow_backend.core.agenda import AgendaKind, AgendaStatus
from unionflow_backend.core.approvals import ApprovalStatus
from unionflow_backend.core.contributions import ContributionStatus, PaymentMethod
from unionflow_backend.core.members import MemberStatus
from unionflow_backend.core.organizations import Level
from unionflow_backend.core.roles import Role
from unionflow_backend.demo.names import MONTHS, REFUSALS, REQUESTS, Society
from unionflow_events import uuid7
from unionflow_events.identity import RANDOM_BYTES

CURRENCY: Final = "XOF"
MONTHS_BACK: Final = 8
_DAY_MS: Final = 86_400_000
_TWO_APPROVERS_FROM: Final = 1_000_000

Rows = Mapping[str, Sequence[dict[str, Any]]]
"""By table, in the order in which they are to be inserted."""


@dataclass(slots=True)
class Books:
    """Fills the rows of one society. today: the last day of the books."""

    society: Society
    chance: random.Random
    today: date
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def rows(self) -> Rows:
        """Everything."""
        society, founded = self.society, self._ms(self.today - timedelta(days=30 * MONTHS_BACK))
        levels = (Level(0, 1), Level(_TWO_APPROVERS_FROM, 2))
        own = {"id": society.id, "name": society.name, "currency": CURRENCY}
        self._rows["organizations"].append(
            {**own, "approval_levels": levels, **_written(founded, founded)}
        )
        self._rows["lanes"].append({"lane": society.id, "number": 0})
        members = self._members(founded)
        for member in members:
            self._contributions(member)
        for turn in range(14):
            self._approval(members, days_ago=3 + 6 * turn + self.chance.randint(0, 4), waits=False)
        for hours in (2, 7):
            self._approval(members, days_ago=hours / 24, waits=True)
        self._agenda()
        return self._rows

    def _members(self, founded: int) -> list[dict[str, Any]]:
        society = self.society
        named = [(society.president, Role.PRESIDENT), (society.treasurer, Role.TREASURER)]
        named += [(name, Role.MEMBER) for name in society.known]
        taken = {name for name, _ in named}
        while len(named) < society.size:
            first, last = (
                self.chance.choice(of) for of in (society.first_names, society.last_names)
            )
            if f"{first} {last}" not in taken:
                taken.add(f"{first} {last}")
                named.append((f"{first} {last}", Role.MEMBER))
        for place, (name, role) in enumerate(named):
            joined = founded + (0 if place < 6 else self.chance.randint(0, 200) * _DAY_MS)
            self._rows["members"].append(self._member(name, role, joined))
        return self._rows["members"]

    def _member(self, name: str, role: Role, joined: int) -> dict[str, Any]:
        first, last = name.split(" ", 1)
        user = user_of(name)
        gone = (
            role is Role.MEMBER and name not in self.society.known and self.chance.random() < 0.06
        )
        left = joined + 20 * _DAY_MS
        return {
            "id": self._id(joined),
            "organization_id": self.society.id,
            "user_id": user,
            "first_name": first,
            "last_name": last,
            "email": f"{user.replace('-', '.')}@example.org",
            "phone": f"{self.society.dialling} {self.chance.randint(100, 999)} "
            f"{self.chance.randint(10, 99)} {self.chance.randint(10, 99)}",
            "roles": frozenset({Role.MEMBER, role}),
            "status": MemberStatus.INACTIVE if gone else MemberStatus.ACTIVE,
            "status_at": left if gone else joined,
            **_written(joined, left if gone else joined),
        }

    def _contributions(self, member: Mapping[str, Any]) -> None:
        """One a month, due on its fifth; most are paid, the newest not yet."""
        for back in range(MONTHS_BACK - 1, -1, -1):
            months = self.today.year * 12 + self.today.month - 1 - back
            due = date(months // 12, months % 12 + 1, 5)
            asked = self._ms(due - timedelta(days=10))
            if asked < member["created_at"] or member["status"] is MemberStatus.INACTIVE:
                continue
            self._contribution(member, due, asked, paid=self._paid(back))

    def _paid(self, back: int) -> int:
        """How much came in for a contribution of so many months ago."""
        luck = self.chance.random()
        whole = {0: 0.35, 1: 0.7, 2: 0.85}.get(back, 0.96)
        if luck < whole:
            return self.society.monthly
        return self.society.monthly // 2 if luck < whole + 0.1 and back < 4 else 0

    def _contribution(self, member: Mapping[str, Any], due: date, asked: int, paid: int) -> None:
        amount = self.society.monthly
        now = self._ms(self.today)
        came = min(now - 3_600_000, self._ms(due) + self.chance.randint(-8, 9) * _DAY_MS)
        status = ContributionStatus.PARTIALLY_PAID if paid else ContributionStatus.DUE
        one = {
            "id": self._id(asked),
            "organization_id": self.society.id,
            "member_id": member["id"],
            "label": f"Cotisation mensuelle, {MONTHS[due.month - 1]} {due.year}",
            "amount": amount,
            "paid": paid,
            "currency": CURRENCY,
            "due_on": due.isoformat(),
            "status": ContributionStatus.PAID if paid == amount else status,
            "reminders": 0,
            **_written(asked, came if paid else asked),
        }
        self._rows["contributions"].append(one)
        if paid:
            self._rows["payments"].append(
                {
                    "id": self._id(came),
                    "organization_id": self.society.id,
                    "contribution_id": one["id"],
                    "amount": paid,
                    "currency": CURRENCY,
                    "method": self.chance.choice((PaymentMethod.MOBILE_MONEY, PaymentMethod.CASH)),
                    "recorded_by": user_of(self.society.treasurer),
                    "created_at": came,
                }
            )

    def _approval(
        self, members: Sequence[Mapping[str, Any]], days_ago: float, *, waits: bool
    ) -> None:
        asked = self._ms(self.today) - int(days_ago * _DAY_MS)
        decided = asked + self.chance.randint(1, 40) * 3_600_000
        kind, reason = self.chance.choice(REQUESTS)
        amount = 5_000 * self.chance.randint(5, 120)
        granted = self.chance.random() < 0.8
        status = ApprovalStatus.APPROVED if granted else ApprovalStatus.REJECTED
        by = user_of(self.society.treasurer)
        verdict = {} if waits else {"decided_by": by, "decided_at": decided}
        if not waits and not granted:
            verdict["decision_reason"] = self.chance.choice(REFUSALS)
        requester = self.chance.choice(members[2:6])
        self._rows["approvals"].append(
            {
                "id": self._id(asked),
                "organization_id": self.society.id,
                "transaction_type": kind,
                "amount": amount,
                "currency": CURRENCY,
                "reason": reason,
                "requested_by": requester["user_id"],
                "status": ApprovalStatus.PENDING if waits else status,
                "approvals": 1 if granted and not waits else 0,
                "approvals_needed": 1,
                "decided_by": None,
                "decided_at": None,
                "decision_reason": None,
                **verdict,
                **_written(asked, asked if waits else decided),
            }
        )
        self._activity(asked, requester["user_id"], f"asked for a {kind.lower()}")

    def _activity(self, at: int, actor: str, text: str) -> None:
        line = {"id": self._id(at), "organization_id": self.society.id, "actor": actor}
        own = {"kind": "APPROVAL_PENDING", "subject_id": self._rows["approvals"][-1]["id"]}
        self._rows["activities"].append({**line, **own, "text": text, "created_at": at})

    def _agenda(self) -> None:
        dates = (
            ("Assemblée générale", AgendaKind.GENERAL_MEETING, -40),
            ("Formation : comptabilité", AgendaKind.TRAINING, 9),
            ("Réunion du bureau", AgendaKind.BOARD_MEETING, 16),
            ("Assemblée générale", AgendaKind.GENERAL_MEETING, 37),
        )
        for title, kind, days in dates:
            starts = self._ms(self.today + timedelta(days=days)) + 9 * 3_600_000
            made = self._ms(self.today - timedelta(days=60))
            self._rows["agenda_events"].append(
                {
                    "id": self._id(made),
                    "organization_id": self.society.id,
                    "title": title,
                    "description": "",
                    "kind": kind,
                    "location": f"Halle du marché, {self.society.city}",
                    "starts_at": starts,
                    "ends_at": starts + 3 * 3_600_000,
                    "status": AgendaStatus.SCHEDULED,
                    **_written(made, made),
                }
            )

    def _id(self, at: int) -> str:
        return uuid7(at, self.chance.randbytes(RANDOM_BYTES))

    def _ms(self, day: date) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return int(midnight.timestamp() * 1000)


def user_of(name: str) -> str:
    """The user that somebody of this name has: `awa-ndiaye`."""
    plain = name.lower().translate(str.maketrans("éèêîïôç", "eeeiioc")).replace("'", "")
    return plain.replace(" ", "-")


def _written(created: int, updated: int) -> dict[str, int]:
    return {"created_at": created, "updated_at": updated, "version": 1}
