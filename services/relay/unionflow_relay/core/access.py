"""What a connection may see: without tokens the query says it, with them a badge made of claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_relay.errors import MalformedQuery

MAX_ID_LENGTH = 256
BEARER_SUBPROTOCOL = "bearer."
_SCHEME = "bearer "
Headers = Mapping[str, str]
Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Badge:
    """What a token gives its bearer, until it expires.

    organizations: of the token, and of those only the ones in `chosen` where that is not None;
    which of them have been revoked is not its matter. Times are seconds since the epoch.
    """

    user: str
    organizations: frozenset[str]
    chosen: frozenset[str] | None
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Grant:
    """The organisations and the user whose records a connection gets. `badge`: by which token."""

    organizations: frozenset[str]
    user: str | None
    everything: bool = False
    badge: Badge | None = None


_EVERYTHING = Grant(frozenset(), None, everything=True)


def grant_without_token(query: Query) -> Grant:
    """`UNIONFLOW_AUTH=none`: `?organization=ID&user=ID`; with neither, everything.

    Raises:
        MalformedQuery: an ID is empty or too long, or there are several users.
    """
    if not query:
        return _EVERYTHING
    organizations = chosen_organizations(query) or frozenset()
    users = query.get("user", [])
    if len(users) > 1:
        raise MalformedQuery("user takes one ID")
    _check_ids(users)
    user = users[0] if users else None
    return Grant(organizations, user, everything=not organizations and user is None)


def chosen_organizations(query: Query) -> frozenset[str] | None:
    """What `?organization=` names; None where it is not said.

    Raises:
        MalformedQuery: an ID is empty or too long.
    """
    listed = query.get("organization")
    if listed is None:
        return None
    _check_ids(listed)
    return frozenset(listed)


def token_of(headers: Headers, query: Query) -> str:
    """The token of a request, from the first place that has one; empty where none has.

    A browser's script can set no header: it offers `bearer.<token>` as a subprotocol.
    """
    authorization = headers.get("authorization", "")
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return authorization[len(_SCHEME) :].strip()
    for offered in headers.get("sec-websocket-protocol", "").split(","):
        if (protocol := offered.strip()).startswith(BEARER_SUBPROTOCOL):
            return protocol.removeprefix(BEARER_SUBPROTOCOL)
    return query.get("access_token", [""])[0]


def _check_ids(values: list[str]) -> None:
    for value in values:
        if not value or len(value) > MAX_ID_LENGTH:
            raise MalformedQuery(
                f"organization and user take an ID of 1 to {MAX_ID_LENGTH} characters"
            )
