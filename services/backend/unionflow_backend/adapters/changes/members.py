"""Joining, changing particulars and roles, leaving and coming back."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, select

from unionflow_backend.adapters.database.kept import MEMBERS, organization, seen
from unionflow_backend.adapters.database.tables import members
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.events import of_member
from unionflow_backend.core.members import (
    Member,
    MemberStatus,
    Particulars,
    with_particulars,
    with_roles,
    with_status,
)
from unionflow_backend.core.permissions import Caller
from unionflow_backend.core.roles import Role
from unionflow_backend.errors import Conflict, Forbidden

Match = Callable[[int], None]
"""Raises LostRace where the caller has read another version."""


async def join(
    work: Work, caller: Caller, organization_id: str, said: Particulars, roles: Collection[Role]
) -> Member:
    """A new member. said: its names and address at least.

    Raises:
        NotFound: there is no such organisation.
        Conflict: it has a member with this address or this user.
        Forbidden: a role is above the caller's own.
    """
    owner = await organization(work.connection, caller, organization_id)
    _require_rank(caller, roles)
    member = Member(
        id=work.new_id(),
        organization_id=owner.id,
        user_id=said.user_id,
        first_name=said.first_name or "",
        last_name=said.last_name or "",
        email=said.email or "",
        phone=said.phone,
        roles=frozenset(roles) | {Role.MEMBER},
        status_at=work.now,
        created_at=work.now,
        updated_at=work.now,
    )
    await _require_alone(work, member)
    await MEMBERS.add(work.connection, member)
    line = ActivityLine("MEMBER_CREATED", caller.user, member.id, f"{member.name} joined")
    await work.record(owner.id, [of_member(member, joined=True)], line)
    return member


async def change_particulars(
    work: Work, caller: Caller, id: str, match: Match, said: Particulars
) -> Member:
    """Put what is said in place of what the member has.

    Raises:
        NotFound, LostRace, Conflict: as `seen`, `match` and `with_particulars`; or another member
            has this address or user.
    """
    before = await _to_change(work, caller, id, match)
    after = with_particulars(before, said, work.now)
    await _require_alone(work, after)
    await _replace(work, before, after, caller, "was changed")
    return after


async def set_roles(
    work: Work, caller: Caller, id: str, match: Match, roles: Collection[Role]
) -> Member:
    """Give a member these roles and no others.

    Raises:
        NotFound, LostRace: as `seen` and `match`.
        Forbidden: a role that is given or taken is above the caller's own.
    """
    before = await _to_change(work, caller, id, match)
    _require_rank(caller, frozenset(roles) ^ (before.roles - {Role.MEMBER}))
    after = with_roles(before, roles, work.now)
    await _replace(work, before, after, caller, "has other roles")
    return after


async def set_status(
    work: Work, caller: Caller, id: str, match: Match, status: MemberStatus
) -> Member:
    """End a membership, or take it up again: the event by which relays revoke or restore.

    Raises:
        NotFound, LostRace: as `seen` and `match`.
    """
    before = await _to_change(work, caller, id, match)
    after = with_status(before, status, work.now)
    if after is not before:
        done = "left" if status is MemberStatus.INACTIVE else "came back"
        await _replace(work, before, after, caller, done)
    return after


def _require_rank(caller: Caller, roles: Collection[Role]) -> None:
    if Role.ADMINISTRATOR in roles and Role.ADMINISTRATOR not in caller.roles:
        raise Forbidden("only an administrator gives or takes the role administrator")


async def _to_change(work: Work, caller: Caller, id: str, match: Match) -> Member:
    member = await seen(MEMBERS, work.connection, caller, id, to_change=True)
    match(member.version)
    return member


async def _replace(work: Work, before: Member, after: Member, caller: Caller, done: str) -> None:
    await MEMBERS.replace(work.connection, after, before.version)
    line = ActivityLine("MEMBER_UPDATED", caller.user, after.id, f"{after.name} {done}")
    await work.record(after.organization_id, [of_member(after)], line)


async def _require_alone(work: Work, member: Member) -> None:
    await _require_none(work, member, members.c.email == member.email, "email")
    if member.user_id is not None:
        await _require_none(work, member, members.c.user_id == member.user_id, "userId")


async def _require_none(work: Work, member: Member, same: ColumnElement[bool], field: str) -> None:
    query = select(members.c.id).where(
        members.c.organization_id == member.organization_id, same, members.c.id != member.id
    )
    if (await work.connection.execute(query)).first() is not None:
        raise Conflict(f"{field}: another member has it", [(field, "another member has it")])
