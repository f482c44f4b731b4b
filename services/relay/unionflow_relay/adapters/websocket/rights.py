"""What each connected client may see, from its token's first moment to its last.

Everything here is synchronous: a record that revokes is applied between two writes, so that
nothing which follows it in the log reaches whom it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from unionflow_access import InvalidToken, Refusal, UnknownKey
from unionflow_events import rfc3339
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.keys import KeyWaiters
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core import dialects
from unionflow_relay.core.access import Badge, Grant, Headers, Query
from unionflow_relay.core.badges import Badges
from unionflow_relay.core.desk import TokenDesk
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.revocation import Revocations, Ruling, users_of
from unionflow_relay.errors import OtherUser

_EXPIRED = "the token has expired"


class Views(Protocol):
    """Where it takes effect what a client may see."""

    def see(self, peer: Peer, organizations: frozenset[str], *, say: bool) -> None:
        """Show a client these organisations from its next record on.

        say: tell it so even where they are what it saw before.
        """

    def is_welcomed(self, peer: Peer) -> bool:
        """Whether the client has been told `welcome`, which comes before all else."""


class Rights:
    """The badges of this pod's clients, and what has been revoked."""

    def __init__(
        self,
        views: Views,
        desk: TokenDesk,
        revocations: Revocations,
        keys: KeyWaiters,
        metrics: RelayMetrics,
        members_topics: Collection[str],
        wall_clock: Callable[[], float],
    ) -> None:
        self._views = views
        self._desk = desk
        self._revocations = revocations
        self._keys = keys
        self._metrics = metrics
        self._members_topics = members_topics
        self._now = wall_clock
        self._badges: Badges[Peer] = Badges()
        self._floor = revocations.floor
        self._renewing: dict[Peer, str] = {}

    # Who comes, renews and goes

    def grant(self, headers: Headers, query: Query) -> Grant:
        """The handshake's gate (see `TokenDesk.grant`)."""
        try:
            return self._desk.grant(headers, query, self._now())
        except UnknownKey:
            raise
        except InvalidToken as refused:
            self._metrics.token_refusals.labels(refused.reason.value).inc()
            raise

    def grant_at_last(self, headers: Headers, query: Query) -> Grant:
        """The gate for those who have waited: a key that is still not known never comes."""
        try:
            return self.grant(headers, query)
        except UnknownKey:
            self._metrics.token_refusals.labels(Refusal.UNKNOWN_KEY.value).inc()
            raise InvalidToken(Refusal.UNKNOWN_KEY) from None

    def hold(self, peer: Peer, badge: Badge) -> None:
        """A client was let in by this badge."""
        self._badges.hold(peer, badge)

    def drop(self, peer: Peer) -> None:
        """Send this client nothing more. One without a badge is no error."""
        self._badges.drop(peer)
        self._renewing.pop(peer, None)

    def expires_at(self, peer: Peer) -> str | None:
        """When the client's token ends, as the wire has times."""
        badge = self._badges.of(peer)
        return None if badge is None else _time(badge)

    def on_refresh(self, peer: Peer, token: str) -> None:
        """A client has a new token. Where it is not taken, the old one keeps its time.

        Each client waits for keys once: with the token that it sent last.
        """
        try:
            self._renew(peer, token)
        except UnknownKey:
            if peer in self._renewing or self._keys.wait(lambda: self._renew_at_last(peer)):
                self._renewing[peer] = token
            else:
                _object_to(peer, "try_later", "too many clients wait for keys")

    def _renew_at_last(self, peer: Peer) -> None:
        token = self._renewing.pop(peer, None)
        if token is None:
            return  # it has left meanwhile
        try:
            self._renew(peer, token)
        except UnknownKey as unknown:
            _object_to(peer, "invalid_token", str(unknown))

    def _renew(self, peer: Peer, token: str) -> None:
        badge = self._badges.of(peer)
        if badge is None:
            return  # it has left meanwhile
        try:
            renewed = self._desk.renew(badge, token, self._now())
        except UnknownKey:
            raise
        except InvalidToken as refused:
            self._metrics.token_refusals.labels(refused.reason.value).inc()
            _object_to(peer, "invalid_token", str(refused))
        except OtherUser as refused:
            _object_to(peer, "other_user", str(refused))
        else:
            self._badges.hold(peer, renewed)
            self._views.see(peer, self._desk.organizations(renewed), say=True)

    # What the members topic says

    def suspend(self, rulings: Iterable[Ruling]) -> None:
        """Before the records that these rulings came with are written: take what they take."""
        self._apply([ruling for ruling in rulings if ruling.suspended])

    def restore(self, rulings: Iterable[Ruling]) -> None:
        """After they were written: give back what they give back."""
        self._apply([ruling for ruling in rulings if not ruling.suspended])

    def on_gap(self, lane: Lane) -> None:
        """Records are gone unread. Of the members topic: nobody's token is known to be good."""
        if lane.topic in self._members_topics:
            self._revocations.refuse_up_to(self._now())
            self._hold_to_floor()

    def _apply(self, rulings: Sequence[Ruling]) -> None:
        if not rulings:
            return
        for ruling in rulings:
            self._revocations.take(ruling)
        for user in users_of(rulings):
            for peer in self._badges.of_user(user):
                badge = self._badges.of(peer)
                if badge is not None:
                    self._views.see(peer, self._desk.organizations(badge), say=False)
        self._hold_to_floor()

    def _hold_to_floor(self) -> None:
        if self._revocations.floor > self._floor:
            self._floor = self._revocations.floor
            for peer in self._badges.issued_up_to(self._floor):
                peer.close(4401, Refusal.TOO_OLD.sentence)

    # What time says

    def on_second(self) -> None:
        """A second has passed: warn whose token is about to expire, close whose has expired."""
        now = self._now()
        self._revocations.on_second(now)
        expiring, expired = self._badges.due(now)
        for peer in expiring:
            self._warn(peer)
        for peer in expired:
            peer.close(4401, _EXPIRED)

    def _warn(self, peer: Peer) -> None:
        badge = self._badges.of(peer)
        if badge is None or not peer.dialect.typed:
            return
        if peer.paused or not self._views.is_welcomed(peer):
            self._badges.hold(peer, badge)  # it is said in a second, or in the next
        else:
            peer.write(dialects.token_expiring(_time(badge), peer.dialect))


def _object_to(peer: Peer, code: str, text: str) -> None:
    peer.answer(dialects.error(code, text))


def _time(badge: Badge) -> str:
    return rfc3339(int(badge.expires_at * 1000))
