"""What was done lately in an organisation, a line each: what its dashboard shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Activity:
    """A line of recent activity. created_at: milliseconds since 1970."""

    id: str
    organization_id: str
    kind: str
    actor: str
    subject_id: str
    text: str
    created_at: int
