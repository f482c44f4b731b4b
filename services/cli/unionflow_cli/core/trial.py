"""What `unionflow dev --check` publishes, and who is to see what of it.

Organisations and users of a trial are its own (their names carry its tag), so that an installation
which others use is disturbed by nothing but the one broadcast, and theirs disturbs no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from unionflow_cli.core import samples
from unionflow_cli.core.samples import SOCIETIES, Data
from unionflow_events import EventType

ROUNDS = 5


class Dialect(StrEnum):
    """How a client speaks with the relay."""

    PLAIN = "plain"
    V1 = "unionflow.v1"


@dataclass(frozen=True, slots=True)
class ToPublish:
    """One event of the trial, before Kafka has it."""

    event_type: EventType
    data: Data
    organization_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """One event as Kafka acknowledged it. called_at: monotonic seconds, when the call began."""

    id: str
    event_type: str
    organization_id: str | None
    user_id: str | None
    topic: str
    partition: int
    offset: int
    called_at: float


@dataclass(frozen=True, slots=True)
class Witness:
    """A client of the trial. With neither organisation nor user it is to see everything."""

    name: str
    dialect: Dialect
    organization: str | None = None
    user: str | None = None

    @property
    def sees_everything(self) -> bool:
        """The first system's manner: no organisation and no user named."""
        return self.organization is None and self.user is None

    def may_see(self, organization_id: str | None, user_id: str | None) -> bool:
        """The audience rule: one user's alone, else the organisation's, else everyone's."""
        if self.sees_everything:
            return True
        if user_id is not None:
            return user_id == self.user
        return organization_id is None or organization_id == self.organization


@dataclass(frozen=True, slots=True)
class Trial:
    """Two organisations and two users that nobody else has, the witnesses, and the events."""

    witnesses: tuple[Witness, ...]
    events: tuple[ToPublish, ...]


def make_trial(tag: str, at: str, *, broadcast_to_everyone: bool = True) -> Trial:
    """The trial of this tag. at: RFC 3339, for times inside payloads."""
    one, other = f"check-{tag}-a", f"check-{tag}-b"
    user, stranger = f"check-{tag}-user", f"check-{tag}-stranger"
    audiences: Sequence[tuple[str, dict[str, Any]]] = [
        ("organisation A", {"organization": one}),
        ("organisation B", {"organization": other}),
        ("a user", {"user": user}),
        ("everything", {}),
    ]
    witnesses = tuple(Witness(n, d, **who) for n, who in audiences for d in Dialect)
    events: list[ToPublish] = []
    for turn in range(ROUNDS):
        payloads = samples.of_every_type(SOCIETIES[0], f"{tag}-{turn}", at)
        for event_type, data in payloads.items():
            event = ToPublish(event_type, data)
            if event_type is EventType.USER_NOTIFICATION:
                events += [replace(event, user_id=who) for who in (user, stranger)]
            else:
                events += [replace(event, organization_id=who) for who in (one, other)]
    if broadcast_to_everyone:
        notice = {"title": "unionflow dev --check: a broadcast to everyone"}
        events.append(ToPublish(EventType.BROADCAST_NOTIFICATION, notice))
    return Trial(witnesses, tuple(events))
