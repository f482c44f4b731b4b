"""`/contributions`: what members owe, and what they have paid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.contributions import (
    ask_contribution,
    change_contribution,
    record_payment,
    send_reminder,
)
from unionflow_backend.adapters.database.kept import CONTRIBUTIONS, PAYMENTS, seen
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
    Amount,
    Day,
    Given,
    Id,
    Moment,
    OrganizationId,
    Taken,
    Title,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.contributions import (
    Contribution,
    ContributionStatus,
    Payment,
    PaymentMethod,
)
from unionflow_backend.core.money import write_amount
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation

router = APIRouter(prefix="/contributions", tags=["contributions"])
SORTS: SortColumns = {
    "createdAt": ("created_at", int),
    "dueOn": ("due_on", str),
}


class NewContribution(Taken):
    """What a member is to pay, in the organisation's currency."""

    organization_id: OrganizationId
    member_id: Id
    label: Title = Field(examples=["Monthly contribution, December 2026"])
    amount: Amount = Field(examples=["5000"])
    due_on: Day


class ContributionChanges(Taken):
    """What is to change; what is left out stays."""

    label: Title | None = None
    due_on: Day | None = None


class NewPayment(Taken):
    """Money that came in."""

    amount: Amount = Field(examples=["5000"])
    method: PaymentMethod = PaymentMethod.CASH
    reference: Title | None = Field(None, max_length=100, examples=["OM-2026-12-0815"])


class ContributionView(Given):
    """What a member owes, and how much of it is paid."""

    id: str
    organization_id: str
    member_id: str
    label: str
    amount: str
    paid: str
    remaining: str
    currency: str
    due_on: str
    status: ContributionStatus
    reminders: int
    reminded_at: Moment | None
    created_at: Moment
    updated_at: Moment


class PaymentView(Given):
    """Money that came in."""

    id: str
    contribution_id: str
    amount: str
    currency: str
    method: PaymentMethod
    reference: str | None
    recorded_by: str
    created_at: Moment
    contribution: ContributionView | None = Field(
        None, description="As it is since; in the answer to the payment alone."
    )


class ContributionList(Given):
    """A page of contributions."""

    items: list[ContributionView]
    next_cursor: str | None


class PaymentList(Given):
    """A page of payments."""

    items: list[PaymentView]
    next_cursor: str | None


def view(it: Contribution) -> ContributionView:
    """A contribution as an answer has it."""
    return ContributionView(
        id=it.id,
        organization_id=it.organization_id,
        member_id=it.member_id,
        label=it.label,
        amount=write_amount(it.amount, it.currency),
        paid=write_amount(it.paid, it.currency),
        remaining=write_amount(it.remaining, it.currency),
        currency=it.currency,
        due_on=it.due_on,
        status=it.status,
        reminders=it.reminders,
        reminded_at=moment(it.reminded_at),
        created_at=moment(it.created_at),
        updated_at=moment(it.updated_at),
    )


def payment_view(it: Payment, contribution: Contribution | None = None) -> PaymentView:
    """A payment as an answer has it."""
    return PaymentView(
        id=it.id,
        contribution_id=it.contribution_id,
        amount=write_amount(it.amount, it.currency),
        currency=it.currency,
        method=it.method,
        reference=it.reference,
        recorded_by=it.recorded_by,
        created_at=moment(it.created_at),
        contribution=None if contribution is None else view(contribution),
    )


def _reply(it: Contribution, status: int = 200, location: str | None = None) -> Reply:
    return Reply(view(it), status, it.version, location)


@router.get("", response_model=ContributionList, responses=responses())
async def list_contributions(
    call: Reading,
    paging: Paged,
    organization_id: InOrganization = None,
    status: ContributionStatus | None = None,
    member_id: Annotated[Id | None, Query(alias="memberId")] = None,
    due_before: Annotated[Day | None, Query(alias="dueBefore")] = None,
    sort: Annotated[str, sorted_by(SORTS)] = "dueOn",
) -> Response:
    """The contributions of an organisation, those due first first."""
    order, after = paging.read(sort, SORTS)
    organization = call.organization(organization_id)
    wanted = list(conditions(CONTRIBUTIONS.table, organization, status=status, member_id=member_id))
    if due_before is not None:
        wanted.append(CONTRIBUTIONS.table.c.due_on < due_before)

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        page = await CONTRIBUTIONS.page(connection, wanted, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(ContributionList(items=list(map(view, page.items)), next_cursor=cursor))

    return await call.read(Operation.CONTRIBUTIONS_READ, ask, organization)


@router.post("", status_code=201, response_model=ContributionView, responses=responses(409))
async def create_contribution(body: NewContribution, call: Posting) -> Response:
    """Ask a member for a contribution."""

    async def act(work: Work, caller: Caller) -> Reply:
        made = await ask_contribution(
            work,
            caller,
            body.organization_id,
            member_id=body.member_id,
            label=body.label,
            amount=body.amount,
            due_on=body.due_on,
        )
        return _reply(made, 201, f"/contributions/{made.id}")

    return await call.change(Operation.CONTRIBUTIONS_CREATE, act, body.organization_id)


@router.get("/{id}", response_model=ContributionView, responses=responses())
async def get_contribution(id: Id, call: Reading) -> Response:
    """A contribution."""

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return _reply(await seen(CONTRIBUTIONS, connection, caller, id))

    return await call.read(Operation.CONTRIBUTIONS_READ, ask)


@router.patch("/{id}", response_model=ContributionView, responses=responses(409, 412))
async def update_contribution(id: Id, body: ContributionChanges, call: Updating) -> Response:
    """Change a contribution's label or date."""

    async def act(work: Work, caller: Caller) -> Reply:
        match = call.require_match
        it = await change_contribution(
            work, caller, id, match, label=body.label, due_on=body.due_on
        )
        return _reply(it)

    return await call.change(Operation.CONTRIBUTIONS_UPDATE, act)


@router.get("/{id}/payments", response_model=PaymentList, responses=responses())
async def list_payments(id: Id, call: Reading, paging: Paged) -> Response:
    """What was paid of a contribution, oldest first."""
    order, after = paging.read("createdAt", {"createdAt": ("created_at", int)})

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        await seen(CONTRIBUTIONS, connection, caller, id)
        of_it = [PAYMENTS.table.c.contribution_id == id]
        page = await PAYMENTS.page(connection, of_it, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(PaymentList(items=list(map(payment_view, page.items)), next_cursor=cursor))

    return await call.read(Operation.CONTRIBUTIONS_READ, ask)


@router.post(
    "/{id}/payments", status_code=201, response_model=PaymentView, responses=responses(409, 412)
)
async def pay_contribution(id: Id, body: NewPayment, call: Acting) -> Response:
    """Money came in: all that is owed, or a part of it."""

    async def act(work: Work, caller: Caller) -> Reply:
        contribution, payment = await record_payment(
            work,
            caller,
            id,
            call.require_match,
            amount=body.amount,
            method=body.method,
            reference=body.reference,
        )
        return Reply(payment_view(payment, contribution), 201, contribution.version)

    return await call.change(Operation.CONTRIBUTIONS_PAY, act)


@router.post("/{id}/reminders", response_model=ContributionView, responses=responses(409, 412))
async def remind_of_contribution(id: Id, call: Acting) -> Response:
    """Remind the member, by a notification to them alone."""

    async def act(work: Work, caller: Caller) -> Reply:
        return _reply(await send_reminder(work, caller, id, call.require_match))

    return await call.change(Operation.CONTRIBUTIONS_REMIND, act)
