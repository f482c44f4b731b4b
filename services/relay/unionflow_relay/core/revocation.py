"""Who lost the right to an organisation before the token that says so expires.

A token is right about memberships when it is issued, and for as long as it lasts nobody asks its
issuer again. What changed since is in the members topic, and the newest word wins: a suspension,
an `ACTIVE`, or a token that was issued after both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from unionflow_events import TOPIC_OF, Event, EventType

MAX_SUSPENSIONS = 100_000  # about 250 bytes each
MAX_RESTORATIONS = 10_000
_FORGET_AT_ONCE = 1_000
MEMBERS_TOPIC = TOPIC_OF[EventType.MEMBER_UPDATED]
_MEMBER_UPDATED = EventType.MEMBER_UPDATED.value
_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Ruling:
    """An organisation's word on one of its members. moment: seconds since the epoch."""

    user: str
    organization: str
    moment: float
    suspended: bool


def ruling_of(event: Event, record_ms: int) -> Ruling | None:
    """What an event of the members topic says of a user's right; None for nothing.

    record_ms: the record's own time, milliseconds since 1970. The event's is held to it: one that
    claims to be from next year must not outweigh every token until then.
    """
    if event.event_type != _MEMBER_UPDATED or event.organization_id is None:
        return None
    user, status = event.data.get("userId"), event.data.get("status")
    if isinstance(user, int) and not isinstance(user, bool):
        user = str(user)
    if not isinstance(user, str) or not user or status is None:
        return None
    moment = datetime.fromisoformat(event.timestamp).timestamp()
    if record_ms >= 0:
        moment = min(moment, record_ms / 1000)
    return Ruling(user, event.organization_id, moment, suspended=status != _ACTIVE)


class Revocations:
    """The newest ruling of each user and organisation, as far back as a token can be old.

    lifetime: seconds, the oldest that a token may be, leeway included. It is bounded: where there
    are more suspensions than `limit`, the oldest is forgotten, and tokens that it could concern
    are refused instead (`floor`).
    """

    def __init__(self, lifetime: float, limit: int = MAX_SUSPENSIONS) -> None:
        self._lifetime = lifetime
        self._limits = {True: limit, False: min(limit, MAX_RESTORATIONS)}
        self._rulings: dict[tuple[str, str], Ruling] = {}
        self._order: dict[bool, deque[Ruling]] = {True: deque(), False: deque()}
        self._floor = 0.0

    @property
    def floor(self) -> float:
        """Tokens issued at or before this moment may have been revoked unseen: none is taken."""
        return self._floor

    def __len__(self) -> int:
        return len(self._rulings)

    def refuse_up_to(self, moment: float) -> None:
        """What was revoked up to a moment is not known: take no token that is as old."""
        self._floor = max(self._floor, moment)

    def take(self, ruling: Ruling) -> None:
        """Learn a ruling. One that is older than what is known changes nothing."""
        key = (ruling.user, ruling.organization)
        known = self._rulings.get(key)
        if known is not None and known.moment > ruling.moment:
            return
        self._rulings[key] = ruling
        order = self._order[ruling.suspended]
        order.append(ruling)
        while len(order) > self._limits[ruling.suspended]:
            oldest = order.popleft()
            if self._drop(oldest) and oldest.suspended:
                self.refuse_up_to(oldest.moment)

    def without_revoked(
        self, user: str, organizations: frozenset[str], issued_at: float
    ) -> frozenset[str]:
        """Those of a token's organisations that are still the user's."""
        if not self._rulings:
            return organizations
        revoked = [
            organization
            for organization in organizations
            if self._is_revoked((user, organization), issued_at)
        ]
        return organizations.difference(revoked) if revoked else organizations

    def on_second(self, now: float) -> None:
        """Forget, some at a time, what concerns no token that could still be taken."""
        before = now - self._lifetime
        for order in self._order.values():
            for _ in range(_FORGET_AT_ONCE):
                if not order or order[0].moment >= before:
                    break
                self._drop(order.popleft())

    def _is_revoked(self, key: tuple[str, str], issued_at: float) -> bool:
        ruling = self._rulings.get(key)
        return ruling is not None and ruling.suspended and issued_at <= ruling.moment

    def _drop(self, ruling: Ruling) -> bool:
        """Forget a ruling, unless a newer one has taken its place."""
        key = (ruling.user, ruling.organization)
        if self._rulings.get(key) is not ruling:
            return False
        del self._rulings[key]
        return True


def users_of(rulings: Iterable[Ruling]) -> Iterable[str]:
    """Whom the rulings concern, each once."""
    return dict.fromkeys(ruling.user for ruling in rulings)
