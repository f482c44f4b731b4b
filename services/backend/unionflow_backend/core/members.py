"""A member of an organisation: who they are, what they may do, and whether they still belong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from unionflow_backend.core.roles import Role
from unionflow_backend.errors import Conflict


class MemberStatus(StrEnum):
    """Whether a member belongs."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Member:
    """A member as it is kept. Times are milliseconds since 1970.

    user_id: the `sub` of the member's tokens. status_at: when the status last changed.
    """

    id: str
    organization_id: str
    user_id: str | None
    first_name: str
    last_name: str
    email: str
    phone: str | None
    roles: frozenset[Role]
    status_at: int
    created_at: int
    updated_at: int
    status: MemberStatus = MemberStatus.ACTIVE
    version: int = 1

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What can be said of a member; None is not said."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    user_id: str | None = None


def with_particulars(member: Member, said: Particulars, now: int) -> Member:
    """The member with what is said put in place of what it has.

    Raises:
        Conflict: it has another user already. The relay revokes by user: were it changed here,
            the former user would keep the right to see the organisation.
    """
    if said.user_id is not None and member.user_id not in (None, said.user_id):
        raise Conflict("userId: a member's user is set once; deactivate, and make a new member")
    return replace(
        member,
        first_name=said.first_name or member.first_name,
        last_name=said.last_name or member.last_name,
        email=said.email or member.email,
        phone=said.phone or member.phone,
        user_id=said.user_id or member.user_id,
        updated_at=now,
        version=member.version + 1,
    )


def with_roles(member: Member, roles: Collection[Role], now: int) -> Member:
    """The member with these roles; every member has the role `member`."""
    return replace(
        member, roles=frozenset(roles) | {Role.MEMBER}, updated_at=now, version=member.version + 1
    )


def with_status(member: Member, status: MemberStatus, now: int) -> Member:
    """The member with this status; the same member where it is so already."""
    if member.status is status:
        return member
    return replace(member, status=status, status_at=now, updated_at=now, version=member.version + 1)
