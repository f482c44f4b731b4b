"""`/members`: who belongs to an organisation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.members import (
    change_particulars,
    join,
    set_roles,
    set_status,
)
from unionflow_backend.adapters.database.kept import MEMBERS, seen
from unionflow_backend.adapters.database.lists import conditions
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.adapters.rest.call import (
    Acting,
    InOrganization,
    Paged,
    Posting,
    Reading,
    Reply,
    SortColumns,
    Updating,
    sorted_by,
)
from unionflow_backend.adapters.rest.fields import (
    Email,
    Given,
    Id,
    Moment,
    Name,
    OrganizationId,
    Phone,
    Taken,
    UserId,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.members import Member, MemberStatus, Particulars
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation
from unionflow_backend.core.roles import Role

router = APIRouter(prefix="/members", tags=["members"])
SORTS: SortColumns = {
    "createdAt": ("created_at", int),
    "lastName": ("last_name", str),
}
RoleList = Annotated[list[Role], Field(max_length=len(Role), examples=[["member", "treasurer"]])]


class NewMember(Taken):
    """Somebody who joins."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationId": "mutuelle-dakar",
                    "firstName": "Awa",
                    "lastName": "Ndiaye",
                    "email": "awa.ndiaye@example.org",
                }
            ]
        }
    )

    organization_id: OrganizationId
    first_name: Name = Field(examples=["Awa"])
    last_name: Name = Field(examples=["Diop"])
    email: Email
    phone: Phone | None = None
    user_id: UserId | None = Field(None, description="The `sub` of the member's tokens.")
    roles: RoleList = Field(default_factory=list)


class MemberChanges(Taken):
    """What is to change; what is left out stays. `userId` can be set once."""

    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    user_id: UserId | None = None


class MemberRoles(Taken):
    """All roles that the member has from now on; `member` is always one."""

    roles: RoleList


class MemberView(Given):
    """A member."""

    id: str
    organization_id: str
    user_id: str | None
    first_name: str
    last_name: str
    email: str
    phone: str | None
    roles: list[Role]
    status: MemberStatus
    created_at: Moment
    updated_at: Moment


class MemberList(Given):
    """A page of members."""

    items: list[MemberView]
    next_cursor: str | None


def view(it: Member) -> MemberView:
    """A member as an answer has it."""
    return MemberView(
        id=it.id,
        organization_id=it.organization_id,
        user_id=it.user_id,
        first_name=it.first_name,
        last_name=it.last_name,
        email=it.email,
        phone=it.phone,
        roles=sorted(it.roles),
        status=it.status,
        created_at=moment(it.created_at),
        updated_at=moment(it.updated_at),
    )


def _reply(it: Member, status: int = 200, location: str | None = None) -> Reply:
    return Reply(view(it), status, it.version, location)


@router.get("", response_model=MemberList, responses=responses())
async def list_members(
    call: Reading,
    paging: Paged,
    organization_id: InOrganization = None,
    status: MemberStatus | None = None,
    email: Email | None = None,
    user_id: Annotated[UserId | None, Query(alias="userId")] = None,
    sort: Annotated[str, sorted_by(SORTS)] = "lastName",
) -> Response:
    """The members of an organisation."""
    order, after = paging.read(sort, SORTS)
    organization = call.organization(organization_id)
    wanted = conditions(MEMBERS.table, organization, status=status, email=email, user_id=user_id)

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        page = await MEMBERS.page(connection, wanted, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(MemberList(items=list(map(view, page.items)), next_cursor=cursor))

    return await call.read(Operation.MEMBERS_READ, ask, organization)


@router.post("", status_code=201, response_model=MemberView, responses=responses(409))
async def create_member(body: NewMember, call: Posting) -> Response:
    """Somebody joins."""
    said = Particulars(body.first_name, body.last_name, body.email, body.phone, body.user_id)

    async def act(work: Work, caller: Caller) -> Reply:
        made = await join(work, caller, body.organization_id, said, frozenset(body.roles))
        return _reply(made, 201, f"/members/{made.id}")

    return await call.change(Operation.MEMBERS_CREATE, act, body.organization_id)


@router.get("/{id}", response_model=MemberView, responses=responses())
async def get_member(id: Id, call: Reading) -> Response:
    """A member."""

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return _reply(await seen(MEMBERS, connection, caller, id))

    return await call.read(Operation.MEMBERS_READ, ask)


@router.patch("/{id}", response_model=MemberView, responses=responses(409, 412))
async def update_member(id: Id, body: MemberChanges, call: Updating) -> Response:
    """Change a member's particulars."""
    said = Particulars(body.first_name, body.last_name, body.email, body.phone, body.user_id)

    async def act(work: Work, caller: Caller) -> Reply:
        return _reply(await change_particulars(work, caller, id, call.require_match, said))

    return await call.change(Operation.MEMBERS_UPDATE, act)


@router.put("/{id}/roles", response_model=MemberView, responses=responses(409, 412))
async def set_member_roles(id: Id, body: MemberRoles, call: Updating) -> Response:
    """Say which roles a member has. Tokens carry them once the identity provider knows."""

    async def act(work: Work, caller: Caller) -> Reply:
        roles = frozenset(body.roles)
        return _reply(await set_roles(work, caller, id, call.require_match, roles))

    return await call.change(Operation.MEMBERS_SET_ROLES, act)


@router.post("/{id}/deactivate", response_model=MemberView, responses=responses(409, 412))
async def deactivate_member(id: Id, call: Acting) -> Response:
    """End a membership: the member's screens stop showing the organisation at once."""

    async def act(work: Work, caller: Caller) -> Reply:
        match = call.require_match
        return _reply(await set_status(work, caller, id, match, MemberStatus.INACTIVE))

    return await call.change(Operation.MEMBERS_DEACTIVATE, act)


@router.post("/{id}/activate", response_model=MemberView, responses=responses(409, 412))
async def activate_member(id: Id, call: Acting) -> Response:
    """Take a membership up again."""

    async def act(work: Work, caller: Caller) -> Reply:
        match = call.require_match
        return _reply(await set_status(work, caller, id, match, MemberStatus.ACTIVE))

    return await call.change(Operation.MEMBERS_DEACTIVATE, act)
