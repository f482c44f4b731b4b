"""What a program is handed: an event with a class for its kind and its payload untouched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """What every event has.

    id: the same on every delivery; empty where a relay sent none.
    timestamp: RFC 3339 as it came; `at` is the same as a datetime.
    organization_id, user_id: whose it is; None where it is nobody's.
    data: the payload as it came.
    raw: the whole event as it came, fields included that this version does not know.
    """

    id: str
    type: str
    timestamp: str
    organization_id: str | None
    user_id: str | None
    data: Any
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def at(self) -> datetime:
        """When it happened.

        Raises:
            ValueError: its timestamp is no RFC 3339 time.
        """
        return datetime.fromisoformat(self.timestamp)


class FinanceApprovalEvent(Event):
    """An approval is pending, was approved or was rejected (`APPROVAL_*`)."""

    __slots__ = ()


class DashboardStatsEvent(Event):
    """An organisation's figures (`DASHBOARD_STATS_UPDATED`, `KPI_UPDATED`)."""

    __slots__ = ()


class NotificationEvent(Event):
    """A message to one user, an organisation or everyone (`*_NOTIFICATION`)."""

    __slots__ = ()


class MemberEvent(Event):
    """A member was created or changed (`MEMBER_*`)."""

    __slots__ = ()


class ContributionEvent(Event):
    """A contribution was paid (`CONTRIBUTION_PAID`)."""

    __slots__ = ()


class GenericEvent(Event):
    """Any other event, whatever its type."""

    __slots__ = ()


_BY_TYPE: Mapping[str, type[Event]] = {
    "APPROVAL_PENDING": FinanceApprovalEvent,
    "APPROVAL_APPROVED": FinanceApprovalEvent,
    "APPROVAL_REJECTED": FinanceApprovalEvent,
    "DASHBOARD_STATS_UPDATED": DashboardStatsEvent,
    "KPI_UPDATED": DashboardStatsEvent,
    "USER_NOTIFICATION": NotificationEvent,
    "BROADCAST_NOTIFICATION": NotificationEvent,
    "MEMBER_CREATED": MemberEvent,
    "MEMBER_UPDATED": MemberEvent,
    "CONTRIBUTION_PAID": ContributionEvent,
}


def event_class(event_type: str) -> type[Event]:
    """The class of a type, by name or by the family that its name tells."""
    known = _BY_TYPE.get(event_type)
    if known is not None:
        return known
    if event_type.startswith("APPROVAL_"):
        return FinanceApprovalEvent
    if event_type.startswith("MEMBER_"):
        return MemberEvent
    return NotificationEvent if event_type.endswith("_NOTIFICATION") else GenericEvent


def make_event(raw: Mapping[str, Any]) -> Event | None:
    """The event in a frame, or None where it has no type: then it is none."""
    event_type = raw.get("eventType")
    if type(event_type) is not str:
        return None
    id, timestamp = raw.get("id"), raw.get("timestamp")
    return (_BY_TYPE.get(event_type) or event_class(event_type))(
        id if type(id) is str else "",
        event_type,
        timestamp if type(timestamp) is str else "",
        _text_or_none(raw.get("organizationId")),
        _text_or_none(raw.get("userId")),
        raw.get("data", {}),
        raw,
    )


def _text_or_none(value: object) -> str | None:
    return value if type(value) is str else None
