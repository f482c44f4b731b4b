"""A contribution that a member owes: paid at once or in parts, and never more than it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from unionflow_backend.core.money import write_amount
from unionflow_backend.errors import Conflict, Unprocessable


class ContributionStatus(StrEnum):
    """How much of it is paid."""

    DUE = "DUE"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"


class PaymentMethod(StrEnum):
    """How it was paid."""

    CASH = "CASH"
    MOBILE_MONEY = "MOBILE_MONEY"
    BANK_TRANSFER = "BANK_TRANSFER"
    CHEQUE = "CHEQUE"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a member owes. Amounts: in the currency's smallest unit; times: ms since 1970.

    due_on: a date, `2026-11-30`.
    """

    id: str
    organization_id: str
    member_id: str
    label: str
    amount: int
    currency: str
    due_on: str
    created_at: int
    updated_at: int
    paid: int = 0
    status: ContributionStatus = ContributionStatus.DUE
    reminders: int = 0
    reminded_at: int | None = None
    version: int = 1

    @property
    def remaining(self) -> int:
        """What is still owed."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for a contribution."""

    id: str
    organization_id: str
    contribution_id: str
    amount: int
    currency: str
    method: PaymentMethod
    reference: str | None
    recorded_by: str
    created_at: int


def pay(contribution: Contribution, amount: int, now: int) -> Contribution:
    """The contribution once `amount` more of it is paid.

    Raises:
        Conflict: all of it is paid.
        Unprocessable: that is more than is still owed.
    """
    if contribution.remaining == 0:
        raise Conflict(f"contribution {contribution.id} is paid")
    if amount > contribution.remaining:
        owed = write_amount(contribution.remaining, contribution.currency)
        what = f"is more than the {owed} {contribution.currency} still owed"
        raise Unprocessable(f"amount: {what}", [("amount", what)])
    paid = contribution.paid + amount
    whole = paid == contribution.amount
    return replace(
        contribution,
        paid=paid,
        status=ContributionStatus.PAID if whole else ContributionStatus.PARTIALLY_PAID,
        updated_at=now,
        version=contribution.version + 1,
    )


def remind(contribution: Contribution, now: int) -> Contribution:
    """The contribution once its member was reminded of it.

    Raises:
        Conflict: nothing of it is owed.
    """
    if contribution.remaining == 0:
        raise Conflict(f"contribution {contribution.id} is paid: there is nothing to remind of")
    return replace(
        contribution,
        reminders=contribution.reminders + 1,
        reminded_at=now,
        updated_at=now,
        version=contribution.version + 1,
    )


def relabel(
    contribution: Contribution, now: int, *, label: str | None = None, due_on: str | None = None
) -> Contribution:
    """The contribution with another label, another date, or both."""
    return replace(
        contribution,
        label=label or contribution.label,
        due_on=due_on or contribution.due_on,
        updated_at=now,
        version=contribution.version + 1,
    )
