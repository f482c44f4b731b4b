"""How many may connect, how fast, and how many of them from one place or as one user.

Every question is answered in O(1). What is kept is in proportion to the connections that are open,
and to a fixed number of addresses, whatever addresses come.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from unionflow_relay.core.addresses import Site
from unionflow_relay.core.rates import Buckets, Pace
from unionflow_relay.errors import OverCapacity, TooMany

M = TypeVar("M", bound=Hashable)

BURST_SECONDS = 5  # a crowd that comes at once may be what comes in so many seconds
MAX_SITES = 65_536  # whose handshakes are counted; about 10 MB where all are used
BUSY_RETRY_SECONDS = 2
FULL_RETRY_SECONDS = 5


class Limit(StrEnum):
    """What was reached. A metric's label."""

    CONNECTIONS = "connections"
    HANDSHAKES = "handshakes"
    ADDRESS_CONNECTIONS = "address_connections"
    ADDRESS_HANDSHAKES = "address_handshakes"
    USER_CONNECTIONS = "user_connections"
    MESSAGES = "messages"
    MEMORY = "memory"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's numbers; 0 is no limit."""

    connections: int = 0
    handshakes_per_second: int = 0
    connections_per_address: int = 0
    handshakes_per_address: int = 0
    connections_per_user: int = 0

    @property
    def minds_addresses(self) -> bool:
        """Whether anything is counted by address."""
        return bool(self.connections_per_address or self.handshakes_per_address)


def pace_of(per_second: int) -> Pace | None:
    """So many a second, BURST_SECONDS' worth of them at once; None for 0."""
    return Pace(per_second, per_second * BURST_SECONDS) if per_second else None


class Limits(Generic[M]):
    """What is open now, against what may be. A member is one open connection."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._pace = pace_of(policy.handshakes_per_second)
        self._full_at = 0.0
        by_site = pace_of(policy.handshakes_per_address)
        self._by_site: Buckets[Site] | None = Buckets(by_site, MAX_SITES) if by_site else None
        self._sites: dict[Site, int] = {}
        self._users: dict[str, int] = {}
        self._members: dict[M, tuple[Site | None, str | None]] = {}

    def take_handshake(self, open_now: int, site: Site | None, now: float) -> None:
        """A handshake is about to be judged. open_now: connections of the pod, now: monotonic.

        Who is over a limit of its own is turned away before anything is taken from what all share.

        Raises:
            OverCapacity: the pod is full, or has had too many handshakes lately.
            TooMany: this site has too many connections, or had too many handshakes lately.
        """
        policy = self.policy
        if policy.connections and open_now >= policy.connections:
            raise OverCapacity(Limit.CONNECTIONS, "this relay is full", FULL_RETRY_SECONDS)
        if site is not None:
            most = policy.connections_per_address
            if most and self._sites.get(site, 0) >= most:
                message = "too many connections from this address"
                raise TooMany(Limit.ADDRESS_CONNECTIONS, message, FULL_RETRY_SECONDS)
            if self._by_site is not None and not self._by_site.take(site, now):
                message = "this address connects too often"
                raise TooMany(Limit.ADDRESS_HANDSHAKES, message, BUSY_RETRY_SECONDS)
        if self._pace is not None:
            full_at = self._pace.take(self._full_at, now)
            if full_at is None:
                message = "too many clients connect to this relay at once"
                raise OverCapacity(Limit.HANDSHAKES, message, BUSY_RETRY_SECONDS)
            self._full_at = full_at

    def check_user(self, user: str | None) -> None:
        """A handshake is known to be this user's.

        Raises:
            TooMany: the user has too many connections.
        """
        most = self.policy.connections_per_user
        if most and user is not None and self._users.get(user, 0) >= most:
            message = "too many connections of this user"
            raise TooMany(Limit.USER_CONNECTIONS, message, FULL_RETRY_SECONDS)

    def enter(self, member: M, site: Site | None, user: str | None) -> None:
        """A connection was opened. It is counted until it leaves."""
        site = site if self.policy.connections_per_address else None
        user = user if self.policy.connections_per_user else None
        if site is None and user is None:
            return
        self._members[member] = (site, user)
        if site is not None:
            self._sites[site] = self._sites.get(site, 0) + 1
        if user is not None:
            self._users[user] = self._users.get(user, 0) + 1

    def leave(self, member: M) -> None:
        """A connection is gone. One that never entered is no error."""
        site, user = self._members.pop(member, (None, None))
        if site is not None:
            _count_down(self._sites, site)
        if user is not None:
            _count_down(self._users, user)

    def __len__(self) -> int:
        """Keys that are held, for whoever bounds them."""
        return len(self._sites) + len(self._users) + len(self._by_site or ())


def _count_down(counts: dict[str, int], key: str) -> None:
    if counts[key] > 1:
        counts[key] -= 1
    else:
        del counts[key]
