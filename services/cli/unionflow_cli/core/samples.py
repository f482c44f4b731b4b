"""Sample data: three mutual societies, their people, and a payload of every event type.

What `unionflow dev` shows and what `unionflow dev --check` publishes have the same shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from unionflow_events import EventType

T = TypeVar("T")
Data = Mapping[str, Any]


class Chance(Protocol):
    """The part of random.Random that sample data need; passed in, so that tests can repeat it."""

    def random(self) -> float:
        """From 0 to 1, without 1."""
        ...

    def randint(self, a: int, b: int) -> int:
        """From a to b, both included."""
        ...

    def choice(self, _seq: list[T] | tuple[T, ...], /) -> T:
        """One of them."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """A member or an officer of a society. `id` is what `?user=` takes."""

    id: str
    first_name: str
    last_name: str

    @property
    def name(self) -> str:
        """First name, then last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Society:
    """An organisation of the sample data."""

    id: str
    currency: str
    treasurer: Person
    members: tuple[Person, ...]


def _person(name: str) -> Person:
    first, last = name.split(" ", 1)
    return Person(name.lower().replace(" ", "-"), first, last)


def _society(city: str, treasurer: str, *members: str) -> Society:
    return Society(
        f"mutuelle-{city}", "XOF", _person(treasurer), tuple(_person(name) for name in members)
    )


SOCIETIES = (
    _society("dakar", "Awa Ndiaye", "Aminata Diop", "Moussa Fall", "Fatou Sarr", "Ibrahima Ba"),
    _society("abidjan", "Yao Kouassi", "Adjoua Koffi", "Serge Bamba", "Mariam Traore"),
    _society("cotonou", "Sena Hounsou", "Rachelle Dossou", "Koffi Adjovi", "Nadege Agbo"),
)
NEWCOMERS = ("Khady Gueye", "Ousmane Sow", "Akissi Konan", "Judith Zinsou", "Abdou Diallo")
REQUESTS = (
    ("LOAN", "Semences pour la saison sèche"),
    ("WITHDRAWAL", "Frais de scolarité"),
    ("TRANSFER", "Part de la fédération"),
    ("PAYMENT", "Loyer du bureau"),
    ("REFUND", "Cotisation payée deux fois"),
)
KINDS = {
    "LOAN": "prêt",
    "WITHDRAWAL": "retrait",
    "TRANSFER": "virement",
    "PAYMENT": "paiement",
    "REFUND": "remboursement",
}
REFUSALS = ("au-dessus du plafond", "il manque un reçu", "déjà demandé")
MEETINGS = (
    "Assemblée générale",
    "Formation : comptabilité",
    "Réunion du bureau",
    "Permanence du soir",
)
NOTICES = ("Maintenance dimanche à 2 h UTC", "La version 3 de l'application est là")


def approval(approval_id: str, kind: str, amount: int, currency: str, asked_by: str) -> Data:
    """An approval that waits. amount: whole units of the currency, sent as a decimal string."""
    return {
        "id": approval_id,
        "transactionType": kind,
        "amount": str(amount),
        "currency": currency,
        "requestedBy": asked_by,
        "status": "PENDING",
    }


def approved(pending: Data, by: str, at: str) -> Data:
    """The same approval, granted. at: RFC 3339."""
    return {**pending, "status": "APPROVED", "approvedBy": by, "approvedAt": at}


def rejected(pending: Data, by: str, at: str, reason: str) -> Data:
    """The same approval, refused. at: RFC 3339."""
    verdict = {"status": "REJECTED", "rejectedBy": by, "rejectedAt": at, "reason": reason}
    return {**pending, **verdict}


def statistics(members: int, contributions: int, pending: int) -> Data:
    """A dashboard's figures. contributions: whole units of the currency."""
    return {
        "totalMembers": members,
        "totalContributions": str(contributions),
        "pendingApprovals": pending,
    }


def of_every_type(society: Society, tag: str, at: str) -> Mapping[EventType, Data]:
    """One payload per event type of the catalogue, their ids ending in `tag`."""
    member = society.members[0]
    pending = approval(f"approval-{tag}", "LOAN", 250_000, society.currency, member.name)
    person = {"id": f"member-{tag}", "firstName": member.first_name, "lastName": member.last_name}
    return {
        EventType.APPROVAL_PENDING: pending,
        EventType.APPROVAL_APPROVED: approved(pending, society.treasurer.name, at),
        EventType.APPROVAL_REJECTED: rejected(pending, society.treasurer.name, at, REFUSALS[0]),
        EventType.DASHBOARD_STATS_UPDATED: statistics(412, 12_450_000, 1),
        EventType.KPI_UPDATED: {"name": "collection rate", "value": 87.5, "unit": "%"},
        EventType.ACTIVITY_CREATED: {"text": f"{member.name} asked for a loan"},
        EventType.EVENT_UPDATED: {"title": MEETINGS[0], "date": at},
        EventType.USER_NOTIFICATION: {"title": "Votre prêt est approuvé"},
        EventType.BROADCAST_NOTIFICATION: {"title": NOTICES[0]},
        EventType.MEMBER_CREATED: {**person, "status": "ACTIVE"},
        EventType.MEMBER_UPDATED: {**person, "status": "ACTIVE", "phone": "+221 33 000 00 00"},
        EventType.CONTRIBUTION_PAID: {
            "id": f"contribution-{tag}",
            "member": member.name,
            "amount": "10000",
            "currency": society.currency,
        },
    }
