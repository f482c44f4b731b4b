"""What a connection may see. Without tokens the query says it; claims will say it here too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_relay.errors import MalformedQuery

MAX_ID_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Grant:
    """The organisations and the user whose records a connection gets."""

    organizations: frozenset[str]
    user: str | None
    everything: bool = False


def grant_without_token(query: Mapping[str, list[str]]) -> Grant:
    """`UNIONFLOW_AUTH=none`: `?organization=ID&user=ID`; with neither, everything.

    Raises:
        MalformedQuery: an ID is empty or too long, or there are several users.
    """
    organizations = query.get("organization", [])
    users = query.get("user", [])
    if len(users) > 1:
        raise MalformedQuery("user takes one ID")
    for value in (*organizations, *users):
        if not value or len(value) > MAX_ID_LENGTH:
            raise MalformedQuery(
                f"organization and user take an ID of 1 to {MAX_ID_LENGTH} characters"
            )
    user = users[0] if users else None
    return Grant(frozenset(organizations), user, everything=not organizations and user is None)
