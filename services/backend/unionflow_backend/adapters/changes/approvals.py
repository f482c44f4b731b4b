"""Requesting, granting and refusing: each one transaction with its event."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import insert, select

from unionflow_backend.adapters.database import tables
from unionflow_backend.adapters.database.kept import APPROVALS, organization, seen
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.approvals import Approval, ApprovalStatus, approve, reject
from unionflow_backend.core.events import of_approval
from unionflow_backend.core.money import read_amount, write_amount
from unionflow_backend.core.permissions import Caller
from unionflow_backend.errors import Unprocessable

Match = Callable[[int], None]
"""Raises LostRace where the caller has read another version."""


async def request_approval(
    work: Work,
    caller: Caller,
    organization_id: str,
    *,
    transaction_type: str,
    amount: str,
    currency: str,
    reason: str,
) -> Approval:
    """Somebody asks for money to be spent. amount: a decimal string.

    Raises:
        NotFound: there is no such organisation.
        Unprocessable: the amount is none, or in another currency than the organisation's.
    """
    owner = await organization(work.connection, caller, organization_id)
    units = read_amount(amount, currency)
    if currency != owner.currency:
        what = f"must be the organisation's, {owner.currency}"
        raise Unprocessable(f"currency: {what}", [("currency", what)])
    approval = Approval(
        id=work.new_id(),
        organization_id=owner.id,
        transaction_type=transaction_type,
        amount=units,
        currency=currency,
        reason=reason,
        requested_by=caller.user,
        approvals_needed=owner.approvals_needed(units),
        created_at=work.now,
        updated_at=work.now,
    )
    await APPROVALS.add(work.connection, approval)
    await _record(work, approval, caller)
    return approval


async def grant_approval(work: Work, caller: Caller, id: str, match: Match) -> Approval:
    """The caller grants it; it is approved once enough have.

    Raises:
        NotFound, LostRace, Forbidden, Conflict: as `seen`, `match` and `core.approvals.approve`.
    """
    votes = tables.approval_votes
    approval = await seen(APPROVALS, work.connection, caller, id, to_change=True)
    match(approval.version)
    query = select(votes.c.user_id).where(votes.c.approval_id == id)
    voters = frozenset((await work.connection.execute(query)).scalars())
    decided = approve(approval, voters, caller.user, work.now, own_too=not caller.named)
    if decided.changed:
        vote = {"approval_id": id, "user_id": caller.user, "voted_at": work.now}
        await work.connection.execute(insert(votes).values(vote))
        await _replace(work, approval, decided.approval, caller)
    return decided.approval


async def refuse_approval(
    work: Work, caller: Caller, id: str, reason: str, match: Match
) -> Approval:
    """The caller refuses it.

    Raises:
        NotFound, LostRace, Forbidden, Conflict: as `seen`, `match` and `core.approvals.reject`.
    """
    approval = await seen(APPROVALS, work.connection, caller, id, to_change=True)
    match(approval.version)
    decided = reject(approval, caller.user, reason, work.now, own_too=not caller.named)
    if decided.changed:
        await _replace(work, approval, decided.approval, caller)
    return decided.approval


async def _replace(work: Work, before: Approval, after: Approval, caller: Caller) -> None:
    await APPROVALS.replace(work.connection, after, before.version)
    await _record(work, after, caller)


async def _record(work: Work, approval: Approval, caller: Caller) -> None:
    event = of_approval(approval)
    sum_ = f"{write_amount(approval.amount, approval.currency)} {approval.currency}"
    what = f"{approval.transaction_type} of {sum_}"
    done = approval.status.value.lower()
    if approval.status is ApprovalStatus.PENDING:
        done = "granted in part" if approval.approvals else "requested"
    line = ActivityLine(
        event.event_type.value, caller.user, approval.id, f"{what} was {done} by {caller.user}"
    )
    await work.record(approval.organization_id, [event], line)
