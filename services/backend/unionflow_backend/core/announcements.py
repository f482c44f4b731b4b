"""What a change says to the world: an event of the catalogue, and a line of recent activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unionflow_events import EventType, rfc3339


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event still to be published. `data` is a JSON object; the ids say who gets it."""

    event_type: EventType
    data: Mapping[str, Any]
    organization_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line of an organisation's recent activity.

    kind: such as `APPROVAL_APPROVED`. actor: the user whose doing it is. subject_id: of what it
    is about. text: a sentence in English, for screens that have no words of their own for `kind`.
    """

    kind: str
    actor: str
    subject_id: str
    text: str

    def announcement(self, id: str, organization_id: str, created_at: int) -> Announcement:
        """The line's own event. id: the line's. created_at: milliseconds since 1970."""
        data = {
            "id": id,
            "kind": self.kind,
            "actor": self.actor,
            "subjectId": self.subject_id,
            "text": self.text,
            "createdAt": rfc3339(created_at),
        }
        return Announcement(EventType.ACTIVITY_CREATED, data, organization_id)
