"""The known stream: numbered records for organisations, users and everyone, and poison between.

Now and then a membership ends, or is given back.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import orjson

from tests.chaos.ledger import Audience, Entry, Ruling, Scope, Viewer
from unionflow_events import CATALOGUE, rfc3339

TOPICS = tuple(topic.name for topic in CATALOGUE)
MEMBERS = "unionflow.members.events"
_NOTIFICATIONS = "unionflow.notifications.user"
_TYPES = {
    "unionflow.finance.approvals": ("APPROVAL_PENDING", "APPROVAL_APPROVED"),
    "unionflow.dashboard.stats": ("DASHBOARD_STATS_UPDATED", "KPI_UPDATED"),
    MEMBERS: ("MEMBER_CREATED", "SOMETHING_NEW"),
    "unionflow.contributions.events": ("CONTRIBUTION_PAID",),
}
ORGANIZATIONS = tuple(f"mutual-{number:02}" for number in range(30))
BULKY_BYTES = 40_000  # so that who stands still fills its buffers in seconds
_BULKY = Audience(Scope.ORGANIZATION, "mutual-bulky")  # which only those see who see all of them
_NOBODY = Audience(Scope.NOBODY)
_EVERYONE = Audience(Scope.EVERYONE)
_PREFIX = "audit-"
_FOREIGN = -1
HEAVY_EVERY = 25


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to write. key: None lets Kafka choose the partition.

    timestamp_ms: the record's own time; 0 for the moment it is written.
    """

    entry: Entry
    key: bytes | None
    value: bytes | None
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A member's right that ends, or comes again."""

    user: str
    organization: str
    suspended: bool


class Stream:
    """Makes records; which ones, the dice say. users: those that there are."""

    def __init__(self, rng: random.Random, users: Sequence[str]) -> None:
        self._rng = rng
        self._users = users
        self._changed_ms = 0

    def draft(self, number: int, topics: Sequence[str]) -> Draft:
        """Record `number`, to one of these topics."""
        rng = self._rng
        topic = rng.choice(topics)
        dice = rng.random()
        if dice < 0.02:
            return self._poison(number, topic)
        if topic == _NOTIFICATIONS:
            return self._notification(number)
        event_type = rng.choice(_TYPES[topic])
        if dice > 0.95:
            return self._event(number, topic, event_type, _BULKY, fill=BULKY_BYTES)
        audience = Audience(Scope.ORGANIZATION, rng.choice(ORGANIZATIONS))
        return self._event(number, topic, event_type, audience, fill=2_000 if dice > 0.9 else 80)

    def ruling(self, number: int, change: Change) -> Draft:
        """Record `number`, by which a member's right ends or comes again, now.

        No two are of the same moment, so that which is the latest is never a question of reading.
        """
        now_ms = self._changed_ms = max(int(time.time() * 1_000), self._changed_ms + 1)
        audience = Audience(Scope.ORGANIZATION, change.organization)
        whole = self._event(number, MEMBERS, "MEMBER_UPDATED", audience)
        event = orjson.loads(whole.value or b"")
        event["timestamp"] = rfc3339(now_ms)
        event["data"]["userId"] = change.user
        event["data"]["status"] = "SUSPENDED" if change.suspended else "ACTIVE"
        ruling = Ruling(change.user, change.organization, now_ms / 1_000, change.suspended)
        entry = Entry(audience, "MEMBER_UPDATED", MEMBERS, ruling=ruling)
        return Draft(entry, whole.key, orjson.dumps(event), now_ms)

    def _notification(self, number: int) -> Draft:
        dice = self._rng.random()
        if dice < 0.6:
            audience = Audience(Scope.USER, self._rng.choice(self._users))
            return self._event(number, _NOTIFICATIONS, "USER_NOTIFICATION", audience)
        audience = _EVERYONE
        if dice < 0.85:
            audience = Audience(Scope.ORGANIZATION, self._rng.choice(ORGANIZATIONS))
        return self._event(number, _NOTIFICATIONS, "BROADCAST_NOTIFICATION", audience)

    def _event(
        self, number: int, topic: str, event_type: str, audience: Audience, fill: int = 40
    ) -> Draft:
        organization = audience.id if audience.scope is Scope.ORGANIZATION else None
        user = audience.id if audience.scope is Scope.USER else None
        event: dict[str, object] = {
            "id": f"{_PREFIX}{number}",
            "eventType": event_type,
            "timestamp": "2026-01-01T08:00:00.000Z",
            "organizationId": organization,
        }
        if user is not None:
            event["userId"] = user
        seal = _seal(number, event_type, organization, user)
        event["data"] = {"id": str(number), "seal": seal, "note": "n" * fill}
        key = user or organization
        return Draft(
            Entry(audience, event_type, topic),
            None if key is None else key.encode(),
            orjson.dumps(event),
        )

    def _poison(self, number: int, topic: str) -> Draft:
        """What no client may ever see: no JSON, no object, no audience, a key twice, nothing."""
        whole = self._event(number, topic, "MEMBER_CREATED", Audience(Scope.ORGANIZATION, "x"))
        value = whole.value or b""
        poison = self._rng.choice(
            (
                value[:-9],
                b"[" + value + b"]",
                value.replace(b'"organizationId":"x"', b'"organizationId":null'),
                value.replace(b'"organizationId":"x"', b'"organizationId":7'),
                value.replace(b'{"id":', b'{"id":"twice","id":', 1),
                None,
                b"\xff\xfe" + value,
            )
        )
        return Draft(Entry(_NOBODY, "POISON", topic), b"x", poison)


def number_of(event: dict[str, object]) -> int | None:
    """The number of an event as it came; None where something of it was changed on the way."""
    id, data = event.get("id"), event.get("data")
    if not isinstance(id, str) or not isinstance(data, dict):
        return None
    digits = id.removeprefix(_PREFIX)
    if not digits.isdigit():
        return _FOREIGN
    number = int(digits)
    sealed = _seal(number, event.get("eventType"), event.get("organizationId"), event.get("userId"))
    return number if data.get("seal") == sealed else None


def _seal(number: int, event_type: object, organization: object, user: object) -> int:
    return crc32(f"{number}|{event_type}|{organization}|{user}".encode())


def heavy_clients(clients: int) -> tuple[int, ...]:
    """Those of every organisation, who fill their buffers soonest when they stand still."""
    return tuple(range(0, clients, HEAVY_EVERY))


def viewers(rng: random.Random, clients: int) -> Sequence[Viewer]:
    """One for each client: mostly of one to three organisations."""
    return [_viewer(rng, number) for number in range(clients)]


def _viewer(rng: random.Random, number: int) -> Viewer:
    user = f"user-{number // 2}"  # two devices each
    dice = number % HEAVY_EVERY
    if dice == 0:
        return Viewer(frozenset({*ORGANIZATIONS, _BULKY.id}), user)
    if dice == 1:
        return Viewer(user=user)
    organizations = frozenset(rng.sample(ORGANIZATIONS, rng.randint(1, 3)))
    types = None
    if dice in {2, 3}:
        types = frozenset({"KPI_UPDATED", "CONTRIBUTION_PAID", "BROADCAST_NOTIFICATION"})
    return Viewer(organizations, user, types)
