"""The desk where tokens become badges, at the handshake and when a client renews its token."""

from __future__ import annotations

from typing import Protocol

from unionflow_access.core.identity import Identity
from unionflow_access.errors import InvalidToken, Refusal
from unionflow_relay.core.access import (
    Badge,
    Grant,
    Headers,
    Query,
    chosen_organizations,
    token_of,
)
from unionflow_relay.core.revocation import Revocations
from unionflow_relay.errors import OrganizationNotAllowed, OtherUser


class Verifier(Protocol):
    """Checks a token's signature and claims."""

    def check(self, token: str, now: float) -> Identity:
        """Who its bearer is. Raises InvalidToken, and UnknownKey where waiting may help."""


class TokenDesk:
    """Judges tokens by what they say and by what was revoked since."""

    def __init__(self, verifier: Verifier, revocations: Revocations) -> None:
        self._verifier = verifier
        self._revocations = revocations

    def grant(self, headers: Headers, query: Query, now: float) -> Grant:
        """What a request's token gives. now: seconds since the epoch.

        Raises:
            UnknownKey: the token's key is not known yet.
            InvalidToken: there is no token, or it is not taken.
            OrganizationNotAllowed: `?organization=` names one that is not the token's.
            MalformedQuery: `?organization=` cannot be taken.
        """
        chosen = chosen_organizations(query)
        identity = self._check(token_of(headers, query), now)
        if chosen is not None and not chosen <= identity.organizations:
            raise OrganizationNotAllowed("the token does not have this organisation")
        badge = _badge(identity, chosen)
        return Grant(self.organizations(badge), badge.user, badge=badge)

    def renew(self, badge: Badge, token: str, now: float) -> Badge:
        """The badge that follows on one, by a new token of the same user.

        Raises:
            UnknownKey, InvalidToken: as `grant`.
            OtherUser: the token is another user's.
        """
        identity = self._check(token, now)
        if identity.user != badge.user:
            raise OtherUser("the new token is another user's")
        return _badge(identity, badge.chosen)

    def organizations(self, badge: Badge) -> frozenset[str]:
        """What the bearer may see now: the badge's organisations without those revoked."""
        return self._revocations.without_revoked(badge.user, badge.organizations, badge.issued_at)

    def _check(self, token: str, now: float) -> Identity:
        identity = self._verifier.check(token, now)
        if identity.issued_at <= self._revocations.floor:
            raise InvalidToken(Refusal.TOO_OLD)
        return identity


def _badge(identity: Identity, chosen: frozenset[str] | None) -> Badge:
    organizations = identity.organizations
    if chosen is not None:
        organizations &= chosen
    return Badge(identity.user, organizations, chosen, identity.issued_at, identity.expires_at)
