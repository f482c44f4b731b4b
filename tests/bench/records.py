"""The records of a run and who is to get them: a plain model, held against what clients count.

The values are as our publisher writes them, 290 to 305 bytes, with the time of sending in `data`.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

PATH = "/ws/dashboard"
ORGANIZATIONS = tuple(f"mutual-{number:03}" for number in range(100))
_SMALLEST, _LARGEST = 290, 305  # bytes
_TIMESTAMP = "2026-01-01T08:00:00.000Z"
_NOW = 10**18  # as many digits as the clock has
_NOTIFICATIONS = "unionflow.notifications.user"
_ORGANIZATION_EVENTS = (
    ("unionflow.finance.approvals", "APPROVAL_PENDING"),
    ("unionflow.dashboard.stats", "DASHBOARD_STATS_UPDATED"),
    ("unionflow.members.events", "MEMBER_UPDATED"),
    ("unionflow.contributions.events", "CONTRIBUTION_PAID"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A record but for the time of sending. No organisation and no user: it is for everyone."""

    topic: str
    event_type: str
    id: str
    organization: str | None = None
    user: str | None = None
    size: int = _SMALLEST

    @property
    def key(self) -> bytes | None:
        """Kafka's key, by the catalogue's rule."""
        key = self.user or self.organization
        return None if key is None else key.encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """CloudEvents in binary mode, and a trace."""
        named = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": self.event_type,
            "ce_source": "unionflow",
            "ce_time": _TIMESTAMP,
            "traceparent": f"00-{self.id.replace('-', '')}-{self.id[:8]}{self.id[:8]}-01",
        }
        if key := self.user or self.organization:
            named["ce_subject"] = key
        return [(name, value.encode()) for name, value in named.items()]

    def value(self, now_ns: int) -> bytes:
        """The record's value, sent at `now_ns` (nanoseconds since 1970), exactly `size` bytes."""
        padding = self.size - len(self._encoded(_NOW, 0))
        return self._encoded(now_ns, padding)

    def _encoded(self, now_ns: int, padding: int) -> bytes:
        event: dict[str, object] = {
            "id": self.id,
            "eventType": self.event_type,
            "timestamp": _TIMESTAMP,
            "organizationId": self.organization,
        }
        if self.user:
            event["userId"] = self.user
        event["data"] = {"id": self.id, "sentAtNs": now_ns, "note": "n" * padding}
        return orjson.dumps(event)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A client: with neither organisation nor user it sees everything."""

    organizations: Sequence[str] = ()
    user: str | None = None

    @property
    def target(self) -> str:
        """What its handshake asks for."""
        asked = [("organization", organization) for organization in self.organizations]
        if self.user:
            asked.append(("user", self.user))
        return f"{PATH}?{urlencode(asked)}" if asked else PATH


EVERYTHING = Viewer()


@dataclass(frozen=True, slots=True)
class Scenario:
    """Clients, and the kind of records that they are sent."""

    viewers: Sequence[Viewer]
    mixed: bool
    rng: random.Random = field(default_factory=lambda: random.Random(4))

    def drafts(self, count: int) -> list[Draft]:
        """New records."""
        return [self._draft() for _ in range(count)]

    def _draft(self) -> Draft:
        identity = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        size = self.rng.randint(_SMALLEST, _LARGEST)
        organization = self.rng.choice(ORGANIZATIONS)
        dice = self.rng.random() if self.mixed else 1.0
        if dice < 0.05:
            return Draft(_NOTIFICATIONS, "BROADCAST_NOTIFICATION", identity, size=size)
        if dice < 0.10:
            user = self.rng.choice(self.viewers).user
            return Draft(_NOTIFICATIONS, "USER_NOTIFICATION", identity, user=user, size=size)
        if dice < 0.20:
            return Draft(
                _NOTIFICATIONS, "BROADCAST_NOTIFICATION", identity, organization, size=size
            )
        topic, event_type = self.rng.choice(_ORGANIZATION_EVENTS)
        return Draft(topic, event_type, identity, organization, size=size)


def plain(clients: int) -> Scenario:
    """Every client sees every record."""
    return Scenario([EVERYTHING] * clients, mixed=False)


def mixed(clients: int) -> Scenario:
    """Clients in one to three of 100 organisations; user and broadcast records in between.

    Of 100 records about 80 are an organisation's events, 10 its notifications, 5 a user's and 5
    for everyone.
    """
    rng = random.Random(100)
    viewers = [
        Viewer(rng.sample(ORGANIZATIONS, rng.randint(1, 3)), f"user-{number}")
        for number in range(clients)
    ]
    return Scenario(viewers, mixed=True)


def expected(viewers: Sequence[Viewer], drafts: Sequence[Draft]) -> list[int]:
    """How many of the records each viewer is to get."""
    users = Counter(d.user for d in drafts if d.user)
    organizations = Counter(d.organization for d in drafts if d.organization and not d.user)
    everyone = len(drafts) - users.total() - organizations.total()
    return [
        len(drafts)
        if not viewer.organizations and viewer.user is None
        else everyone
        + users[viewer.user or ""]
        + sum(organizations[o] for o in viewer.organizations)
        for viewer in viewers
    ]
