"""What members owe: asked for, paid in whole or in part, reminded of."""

from __future__ import annotations

from collections.abc import Callable

from unionflow_backend.adapters.changes.notifications import send_notification
from unionflow_backend.adapters.database.kept import (
    CONTRIBUTIONS,
    MEMBERS,
    PAYMENTS,
    organization,
    seen,
)
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.contributions import (
    Contribution,
    Payment,
    PaymentMethod,
    pay,
    relabel,
    remind,
)
from unionflow_backend.core.events import of_payment
from unionflow_backend.core.members import MemberStatus
from unionflow_backend.core.money import read_amount, write_amount
from unionflow_backend.core.permissions import Caller
from unionflow_backend.errors import Conflict, NotFound, Unprocessable

Match = Callable[[int], None]
"""Raises LostRace where the caller has read another version."""


async def ask_contribution(
    work: Work,
    caller: Caller,
    organization_id: str,
    *,
    member_id: str,
    label: str,
    amount: str,
    due_on: str,
) -> Contribution:
    """A member owes something, in the organisation's currency. amount: a decimal string.

    Raises:
        NotFound: there is no such organisation.
        Unprocessable: it has no such active member, or the amount is none.
    """
    owner = await organization(work.connection, caller, organization_id)
    member = await MEMBERS.find(work.connection, member_id)
    if member is None or member.organization_id != owner.id:
        what = "is no member of the organisation"
        raise Unprocessable(f"memberId: {what}", [("memberId", what)])
    if member.status is not MemberStatus.ACTIVE:
        what = "has left the organisation"
        raise Unprocessable(f"memberId: {what}", [("memberId", what)])
    contribution = Contribution(
        id=work.new_id(),
        organization_id=owner.id,
        member_id=member.id,
        label=label,
        amount=read_amount(amount, owner.currency),
        currency=owner.currency,
        due_on=due_on,
        created_at=work.now,
        updated_at=work.now,
    )
    await CONTRIBUTIONS.add(work.connection, contribution)
    await _record(work, contribution, caller, "CONTRIBUTION_DUE", f"is due on {due_on}")
    return contribution


async def change_contribution(
    work: Work, caller: Caller, id: str, match: Match, *, label: str | None, due_on: str | None
) -> Contribution:
    """Give it another label, another date, or both.

    Raises:
        NotFound, LostRace: as `seen` and `match`.
    """
    before = await _to_change(work, caller, id, match)
    after = relabel(before, work.now, label=label, due_on=due_on)
    await CONTRIBUTIONS.replace(work.connection, after, before.version)
    await _record(work, after, caller, "CONTRIBUTION_UPDATED", f"is due on {after.due_on}")
    return after


async def record_payment(
    work: Work,
    caller: Caller,
    id: str,
    match: Match,
    *,
    amount: str,
    method: PaymentMethod,
    reference: str | None,
) -> tuple[Contribution, Payment]:
    """Money came in. amount: a decimal string in the contribution's currency.

    Raises:
        NotFound, LostRace, Conflict, Unprocessable: as `seen`, `match`, `pay`, `read_amount`.
    """
    before = await _to_change(work, caller, id, match)
    units = read_amount(amount, before.currency)
    after = pay(before, units, work.now)
    payment = Payment(
        id=work.new_id(),
        organization_id=before.organization_id,
        contribution_id=before.id,
        amount=units,
        currency=before.currency,
        method=method,
        reference=reference,
        recorded_by=caller.user,
        created_at=work.now,
    )
    await PAYMENTS.add(work.connection, payment)
    await CONTRIBUTIONS.replace(work.connection, after, before.version)
    done = f"{write_amount(units, before.currency)} {before.currency} paid"
    line = ActivityLine("CONTRIBUTION_PAID", caller.user, after.id, f"{after.label}: {done}")
    await work.record(after.organization_id, [of_payment(after, payment)], line)
    return after, payment


async def send_reminder(work: Work, caller: Caller, id: str, match: Match) -> Contribution:
    """Tell the member what is still owed, by a notification.

    Raises:
        NotFound, LostRace: as `seen` and `match`.
        Conflict: nothing is owed, or the member has no user who could be told.
    """
    before = await _to_change(work, caller, id, match)
    after = remind(before, work.now)
    member = await MEMBERS.find(work.connection, before.member_id)
    if member is None:
        raise NotFound(f"members: there is no {before.member_id}")
    if member.user_id is None:
        raise Conflict(f"member {member.id} has no user who could be told")
    await CONTRIBUTIONS.replace(work.connection, after, before.version)
    owed = f"{write_amount(after.remaining, after.currency)} {after.currency}"
    await send_notification(
        work,
        caller,
        organization_id=after.organization_id,
        user_id=member.user_id,
        title=f"Reminder: {after.label}"[:200],
        body=f"{owed} of your contribution {after.label} is due on {after.due_on}.",
    )
    await _record(work, after, caller, "CONTRIBUTION_REMINDED", "was reminded of")
    return after


async def _to_change(work: Work, caller: Caller, id: str, match: Match) -> Contribution:
    contribution = await seen(CONTRIBUTIONS, work.connection, caller, id, to_change=True)
    match(contribution.version)
    return contribution


async def _record(work: Work, it: Contribution, caller: Caller, kind: str, done: str) -> None:
    sum_ = f"{write_amount(it.amount, it.currency)} {it.currency}"
    line = ActivityLine(kind, caller.user, it.id, f"{it.label} of {sum_} {done}")
    await work.record(it.organization_id, [], line)
