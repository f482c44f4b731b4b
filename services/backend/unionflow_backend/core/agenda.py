"""A date of an organisation's agenda: a general meeting, a training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from unionflow_backend.errors import Conflict, Unprocessable


class AgendaKind(StrEnum):
    """What happens then."""

    GENERAL_MEETING = "GENERAL_MEETING"
    BOARD_MEETING = "BOARD_MEETING"
    TRAINING = "TRAINING"
    CEREMONY = "CEREMONY"
    OTHER = "OTHER"


class AgendaStatus(StrEnum):
    """Whether it takes place."""

    SCHEDULED = "SCHEDULED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class AgendaEvent:
    """A date as it is kept. Times are milliseconds since 1970."""

    id: str
    organization_id: str
    title: str
    description: str
    kind: AgendaKind
    location: str
    starts_at: int
    ends_at: int
    created_at: int
    updated_at: int
    status: AgendaStatus = AgendaStatus.SCHEDULED
    version: int = 1


def require_order(event: AgendaEvent) -> AgendaEvent:
    """Return the event where it ends after it starts.

    Raises:
        Unprocessable: it does not.
    """
    if event.ends_at < event.starts_at:
        what = "must not be before startsAt"
        raise Unprocessable(f"endsAt: {what}", [("endsAt", what)])
    return event


def cancel(event: AgendaEvent, now: int) -> AgendaEvent:
    """The event, cancelled; the same event where it is so already."""
    if event.status is AgendaStatus.CANCELLED:
        return event
    return replace(event, status=AgendaStatus.CANCELLED, updated_at=now, version=event.version + 1)


@dataclass(frozen=True, slots=True)
class Details:
    """What can be said of a date; None is not said. Times: milliseconds since 1970."""

    title: str | None = None
    description: str | None = None
    kind: AgendaKind | None = None
    location: str | None = None
    starts_at: int | None = None
    ends_at: int | None = None


def change(event: AgendaEvent, said: Details, now: int) -> AgendaEvent:
    """The event with what is said put in place of what it has.

    Raises:
        Conflict: it is cancelled.
        Unprocessable: it would end before it starts.
    """
    if event.status is AgendaStatus.CANCELLED:
        raise Conflict(f"event {event.id} is cancelled")
    changed = replace(
        event,
        title=said.title or event.title,
        description=event.description if said.description is None else said.description,
        kind=said.kind or event.kind,
        location=event.location if said.location is None else said.location,
        starts_at=event.starts_at if said.starts_at is None else said.starts_at,
        ends_at=event.ends_at if said.ends_at is None else said.ends_at,
        updated_at=now,
        version=event.version + 1,
    )
    return require_order(changed)
