"""What a dashboard shows of an organisation, and when its screens are told of it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from unionflow_backend.core.announcements import Announcement
from unionflow_backend.core.money import write_amount
from unionflow_events import EventType

ASKED_MS: Final = 10 * 60_000
"""For how long after it was asked for an organisation's figures are looked at in every pass."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One indicator. id: the same for ever, such as `collection-rate`."""

    id: str
    name: str
    value: float
    unit: str

    def data(self) -> Mapping[str, Any]:
        """The payload of KPI_UPDATED."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Figures:
    """An organisation's figures. Amounts are in the currency's smallest unit.

    contributions: all that was ever paid. due: what contributions that have fallen due amount to,
    due_paid: what of it is paid. overdue: contributions that have fallen due and are not paid in
    full.
    """

    currency: str
    members: int = 0
    contributions: int = 0
    pending_approvals: int = 0
    due: int = 0
    due_paid: int = 0
    overdue: int = 0

    def stats(self) -> Mapping[str, Any]:
        """The payload of DASHBOARD_STATS_UPDATED."""
        return {
            "totalMembers": self.members,
            "totalContributions": write_amount(self.contributions, self.currency),
            "pendingApprovals": self.pending_approvals,
            "currency": self.currency,
        }

    def kpis(self) -> Sequence[Kpi]:
        """The indicators."""
        rate = 100.0 if self.due == 0 else round(100 * self.due_paid / self.due, 1)
        return (
            Kpi("collection-rate", "collection rate", rate, "%"),
            Kpi("overdue-contributions", "overdue contributions", self.overdue, ""),
        )

    def said(self) -> Mapping[str, Any]:
        """All that screens are told, to be compared with what they were told before."""
        return {"stats": self.stats(), "kpis": {kpi.id: kpi.value for kpi in self.kpis()}}


@dataclass(frozen=True, slots=True)
class Told:
    """What an organisation's screens were told last. said: None where nothing ever was."""

    said: Mapping[str, Any] | None
    published_ms: int


def news(
    organization_id: str, figures: Figures, told: Told, now_ms: int, unchanged_ms: int
) -> Sequence[Announcement]:
    """What is to be said now; nothing where all of it is known.

    unchanged_ms: after how long the statistics are said again though they are the same; 0 each
    time.
    """
    before = told.said or {}
    said = []
    stats = figures.stats()
    if before.get("stats") != stats or now_ms - told.published_ms >= unchanged_ms:
        said.append(Announcement(EventType.DASHBOARD_STATS_UPDATED, stats, organization_id))
    known = before.get("kpis", {})
    said.extend(
        Announcement(EventType.KPI_UPDATED, kpi.data(), organization_id)
        for kpi in figures.kpis()
        if known.get(kpi.id) != kpi.value
    )
    return said
