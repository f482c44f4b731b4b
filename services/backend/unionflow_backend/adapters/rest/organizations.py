"""`/organizations`: the societies and associations, and their levels of approval."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.organizations import (
    change_organization,
    found_organization,
)
from unionflow_backend.adapters.database.kept import organization
from unionflow_backend.adapters.database.lists import organizations_page
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.adapters.rest.call import (
    Paged,
    Posting,
    Reading,
    Reply,
    SortColumns,
    Updating,
    sorted_by,
)
from unionflow_backend.adapters.rest.fields import (
    Amount,
    Currency,
    Given,
    Moment,
    OrganizationId,
    Taken,
    Title,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.money import write_amount
from unionflow_backend.core.organizations import MAX_APPROVERS, MAX_LEVELS, Organization
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation

router = APIRouter(prefix="/organizations", tags=["organizations"])
SORTS: SortColumns = {
    "createdAt": ("created_at", int),
    "id": ("id", str),
}


class LevelFields(Taken):
    """From this amount on, so many different people have to approve."""

    from_amount: Amount | Annotated[str, Field(pattern=r"^0$")]
    approvers: Annotated[int, Field(ge=1, le=MAX_APPROVERS)]


class NewOrganization(Taken):
    """A new organisation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "mutuelle-thies",
                    "name": "Mutuelle de Thiès",
                    "currency": "XOF",
                    "approvalLevels": [{"fromAmount": "1000000", "approvers": 2}],
                }
            ]
        }
    )

    id: OrganizationId
    name: Title = Field(examples=["Mutuelle de Thiès"])
    currency: Currency
    approval_levels: Annotated[list[LevelFields], Field(max_length=MAX_LEVELS)] = Field(
        [],
        description="Empty: one approver, whatever the amount.",
        examples=[[{"fromAmount": "1000000", "approvers": 2}]],
    )


class OrganizationChanges(Taken):
    """What is to change; what is left out stays."""

    name: Title | None = None
    approval_levels: Annotated[list[LevelFields], Field(max_length=MAX_LEVELS)] | None = None


class LevelView(Given):
    """From this amount on, so many different people have to approve."""

    from_amount: str
    approvers: int


class OrganizationView(Given):
    """An organisation."""

    id: str
    name: str
    currency: str
    approval_levels: list[LevelView]
    created_at: Moment
    updated_at: Moment


class OrganizationList(Given):
    """A page of organisations."""

    items: list[OrganizationView]
    next_cursor: str | None


def view(it: Organization) -> OrganizationView:
    """An organisation as an answer has it."""
    return OrganizationView(
        id=it.id,
        name=it.name,
        currency=it.currency,
        approval_levels=[
            LevelView(
                from_amount=write_amount(level.from_amount, it.currency), approvers=level.approvers
            )
            for level in it.approval_levels
        ],
        created_at=moment(it.created_at),
        updated_at=moment(it.updated_at),
    )


@router.get("", response_model=OrganizationList, responses=responses())
async def list_organizations(
    call: Reading, paging: Paged, sort: Annotated[str, sorted_by(SORTS)] = "id"
) -> Response:
    """The organisations that the caller belongs to."""
    order, after = paging.read(sort, SORTS)

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        page = await organizations_page(connection, caller, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(OrganizationList(items=list(map(view, page.items)), next_cursor=cursor))

    return await call.read(Operation.ORGANIZATIONS_READ, ask)


@router.post("", status_code=201, response_model=OrganizationView, responses=responses(409))
async def create_organization(body: NewOrganization, call: Posting) -> Response:
    """Found an organisation."""
    levels = [(level.from_amount, level.approvers) for level in body.approval_levels]

    async def act(work: Work, caller: Caller) -> Reply:
        made = await found_organization(
            work, caller, body.id, name=body.name, currency=body.currency, levels=levels
        )
        return Reply(view(made), 201, made.version, f"/organizations/{made.id}")

    return await call.change(Operation.ORGANIZATIONS_CREATE, act)


@router.get("/{id}", response_model=OrganizationView, responses=responses())
async def get_organization(id: OrganizationId, call: Reading) -> Response:
    """An organisation."""

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        found = await organization(connection, caller, id)
        return Reply(view(found), version=found.version)

    return await call.read(Operation.ORGANIZATIONS_READ, ask, id)


@router.patch("/{id}", response_model=OrganizationView, responses=responses(409, 412))
async def update_organization(
    id: OrganizationId, body: OrganizationChanges, call: Updating
) -> Response:
    """Change an organisation's name or levels; approvals that were requested keep theirs."""
    levels = None
    if body.approval_levels is not None:
        levels = [(level.from_amount, level.approvers) for level in body.approval_levels]

    async def act(work: Work, caller: Caller) -> Reply:
        match = call.require_match
        it = await change_organization(work, caller, id, match, name=body.name, levels=levels)
        return Reply(view(it), version=it.version)

    return await call.change(Operation.ORGANIZATIONS_UPDATE, act, id)
