"""`/finance/approvals`: requests to spend, and who has granted or refused them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.approvals import (
    grant_approval,
    refuse_approval,
    request_approval,
)
from unionflow_backend.adapters.database.kept import APPROVALS, seen
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
    sorted_by,
)
from unionflow_backend.adapters.rest.fields import (
    Amount,
    Currency,
    Given,
    Id,
    Moment,
    OrganizationId,
    Reason,
    Taken,
    UserId,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.approvals import Approval, ApprovalStatus
from unionflow_backend.core.money import write_amount
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation

router = APIRouter(prefix="/finance/approvals", tags=["approvals"])
SORTS: SortColumns = {
    "createdAt": ("created_at", int),
    "amount": ("amount", int),
}
TransactionType = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$", examples=["LOAN", "WITHDRAWAL"])
]


class NewApproval(Taken):
    """A request to spend."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationId": "mutuelle-dakar",
                    "transactionType": "LOAN",
                    "amount": "125000",
                    "currency": "XOF",
                    "reason": "Seeds for the dry season",
                }
            ]
        }
    )

    organization_id: OrganizationId
    transaction_type: TransactionType
    amount: Amount
    currency: Currency = Field(description="The organisation's.")
    reason: Reason = Field(examples=["Seeds for the dry season"])


class Rejection(Taken):
    """Why it is refused."""

    reason: Reason = Field(examples=["The statement of the account is missing"])


class ApprovalView(Given):
    """A request to spend, and where it stands."""

    id: str
    organization_id: str
    transaction_type: str
    amount: str
    currency: str
    reason: str
    requested_by: str
    status: ApprovalStatus
    approvals: int = Field(description="How many different people have granted it so far.")
    approvals_needed: int
    approved_by: str | None
    approved_at: Moment | None
    rejected_by: str | None
    rejected_at: Moment | None
    rejection_reason: str | None
    created_at: Moment
    updated_at: Moment


class ApprovalList(Given):
    """A page of approvals."""

    items: list[ApprovalView]
    next_cursor: str | None


def view(it: Approval) -> ApprovalView:
    """An approval as an answer has it."""
    approved = it.status is ApprovalStatus.APPROVED
    rejected = it.status is ApprovalStatus.REJECTED
    return ApprovalView(
        id=it.id,
        organization_id=it.organization_id,
        transaction_type=it.transaction_type,
        amount=write_amount(it.amount, it.currency),
        currency=it.currency,
        reason=it.reason,
        requested_by=it.requested_by,
        status=it.status,
        approvals=it.approvals,
        approvals_needed=it.approvals_needed,
        approved_by=it.decided_by if approved else None,
        approved_at=moment(it.decided_at) if approved else None,
        rejected_by=it.decided_by if rejected else None,
        rejected_at=moment(it.decided_at) if rejected else None,
        rejection_reason=it.decision_reason,
        created_at=moment(it.created_at),
        updated_at=moment(it.updated_at),
    )


def _reply(it: Approval, status: int = 200, location: str | None = None) -> Reply:
    return Reply(view(it), status, it.version, location)


@router.get("", response_model=ApprovalList, responses=responses())
async def list_approvals(
    call: Reading,
    paging: Paged,
    organization_id: InOrganization = None,
    status: ApprovalStatus | None = None,
    transaction_type: Annotated[TransactionType | None, Query(alias="transactionType")] = None,
    requested_by: Annotated[UserId | None, Query(alias="requestedBy")] = None,
    sort: Annotated[str, sorted_by(SORTS)] = "-createdAt",
) -> Response:
    """The approvals of an organisation, newest first."""
    order, after = paging.read(sort, SORTS)
    organization = call.organization(organization_id)
    wanted = conditions(
        APPROVALS.table,
        organization,
        status=status,
        transaction_type=transaction_type,
        requested_by=requested_by,
    )

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        page = await APPROVALS.page(connection, wanted, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(ApprovalList(items=list(map(view, page.items)), next_cursor=cursor))

    return await call.read(Operation.APPROVALS_READ, ask, organization)


@router.post("", status_code=201, response_model=ApprovalView, responses=responses(409))
async def create_approval(body: NewApproval, call: Posting) -> Response:
    """Request to spend; the caller is the requester."""

    async def act(work: Work, caller: Caller) -> Reply:
        made = await request_approval(
            work,
            caller,
            body.organization_id,
            transaction_type=body.transaction_type,
            amount=body.amount,
            currency=body.currency,
            reason=body.reason,
        )
        return _reply(made, 201, f"/finance/approvals/{made.id}")

    return await call.change(Operation.APPROVALS_CREATE, act, body.organization_id)


@router.get("/{id}", response_model=ApprovalView, responses=responses())
async def get_approval(id: Id, call: Reading) -> Response:
    """An approval."""

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return _reply(await seen(APPROVALS, connection, caller, id))

    return await call.read(Operation.APPROVALS_READ, ask)


@router.post("/{id}/approve", response_model=ApprovalView, responses=responses(409, 412))
async def approve_approval(id: Id, call: Acting) -> Response:
    """Grant it. It is `APPROVED` once enough different people have; pressed twice, it is once."""

    async def act(work: Work, caller: Caller) -> Reply:
        return _reply(await grant_approval(work, caller, id, call.require_match))

    return await call.change(Operation.APPROVALS_DECIDE, act)


@router.post("/{id}/reject", response_model=ApprovalView, responses=responses(409, 412))
async def reject_approval(id: Id, body: Rejection, call: Acting) -> Response:
    """Refuse it, and say why."""

    async def act(work: Work, caller: Caller) -> Reply:
        match = call.require_match
        return _reply(await refuse_approval(work, caller, id, body.reason, match))

    return await call.change(Operation.APPROVALS_DECIDE, act)
