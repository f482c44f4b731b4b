"""The badges of connected clients: whose they are, and which are about to expire.

Nobody needs a timer: each client has one second at which it is looked at next, and clients of the
same second are kept together.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from unionflow_relay.core.access import Badge

M = TypeVar("M", bound=Hashable)
WARN_SECONDS = 60


class Badges(Generic[M]):
    """Every member with a badge. All but `issued_up_to` take no time in their number."""

    def __init__(self) -> None:
        self._badges: dict[M, Badge] = {}
        self._by_user: dict[str, tuple[M, ...]] = {}
        self._second_of: dict[M, int] = {}
        self._seconds: dict[int, dict[M, None]] = {}
        self._upcoming: list[int] = []

    def hold(self, member: M, badge: Badge) -> None:
        """Take a member's badge, or a new one of the same user."""
        if member not in self._badges:
            self._by_user[badge.user] = (*self._by_user.get(badge.user, ()), member)
        self._badges[member] = badge
        self._look_at(member, badge.expires_at - WARN_SECONDS)

    def drop(self, member: M) -> None:
        """Forget a member. One who has no badge is no error."""
        badge = self._badges.pop(member, None)
        if badge is None:
            return
        others = tuple(m for m in self._by_user[badge.user] if m is not member)
        if others:
            self._by_user[badge.user] = others
        else:
            del self._by_user[badge.user]
        self._forget_second(member)

    def of(self, member: M) -> Badge | None:
        """The member's badge, if it has one."""
        return self._badges.get(member)

    def of_user(self, user: str) -> Sequence[M]:
        """Everyone with a badge of this user."""
        return self._by_user.get(user, ())

    def issued_up_to(self, moment: float) -> Sequence[M]:
        """Everyone whose token was issued at a moment or before it."""
        return [member for member, badge in self._badges.items() if badge.issued_at <= moment]

    def due(self, now: float) -> tuple[Sequence[M], Sequence[M]]:
        """Members whose badge expires within WARN_SECONDS, each said once, and has expired."""
        expiring, expired = [], []
        while self._upcoming and self._upcoming[0] <= now:
            for member in self._seconds.pop(heapq.heappop(self._upcoming), ()):
                del self._second_of[member]
                ends = self._badges[member].expires_at
                if ends <= now:
                    expired.append(member)
                else:
                    expiring.append(member)
                    self._look_at(member, ends)
        return expiring, expired

    def _look_at(self, member: M, moment: float) -> None:
        self._forget_second(member)
        second = math.ceil(moment)
        if second not in self._seconds:
            self._seconds[second] = {}
            heapq.heappush(self._upcoming, second)
        self._seconds[second][member] = None
        self._second_of[member] = second

    def _forget_second(self, member: M) -> None:
        second = self._second_of.pop(member, None)
        if second is not None:
            del self._seconds[second][member]
