"""A message: to one user, to all of an organisation, or to everyone there is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

EVERYONE: Final = "everyone"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message as it is kept. created_at: milliseconds since 1970.

    user_id: whom alone it is for. organization_id: whose it is; None for everyone's.
    """

    id: str
    organization_id: str | None
    user_id: str | None
    addressee: str
    title: str
    body: str
    created_by: str
    created_at: int


def addressee(organization_id: str | None, user_id: str | None) -> str:
    """Whom a message is for, as one word to look for."""
    if user_id is not None:
        return f"user:{user_id}"
    return EVERYONE if organization_id is None else f"organization:{organization_id}"


def addressees_of(user: str, organizations: Collection[str]) -> tuple[str, ...]:
    """The words under which a user's messages are found."""
    mine = (addressee(organization, None) for organization in sorted(organizations))
    return (f"user:{user}", EVERYONE, *mine)
