"""An approval's life: pending until enough different people have granted it, or one refused.

What is decided stays decided. Whoever presses twice is told the same twice, and nothing happens
the second time; whoever comes too late is told who decided.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from unionflow_backend.errors import Conflict, Forbidden


class ApprovalStatus(StrEnum):
    """Where an approval stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Approval:
    """A request to spend. amount: in the currency's smallest unit; times: ms since 1970.

    approvals: how many different people have granted it so far.
    """

    id: str
    organization_id: str
    transaction_type: str
    amount: int
    currency: str
    reason: str
    requested_by: str
    approvals_needed: int
    created_at: int
    updated_at: int
    status: ApprovalStatus = ApprovalStatus.PENDING
    approvals: int = 0
    decided_by: str | None = None
    decided_at: int | None = None
    decision_reason: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision comes to.

    approval: as it is now. changed: False where nothing happened, since it was so already.
    """

    approval: Approval
    changed: bool


def approve(
    approval: Approval, voters: Collection[str], user: str, now: int, *, own_too: bool = False
) -> Decided:
    """`user` grants it. voters: who has so far. own_too: also where it is the user's own request.

    Raises:
        Forbidden: nobody approves what they requested.
        Conflict: it was rejected, or approved by others.
    """
    if approval.status is not ApprovalStatus.REJECTED and user in voters:
        return Decided(approval, changed=False)
    _require_pending(approval)
    _require_another(approval, user, own_too=own_too)
    granted = replace(approval, approvals=len({*voters, user}))
    if granted.approvals < approval.approvals_needed:
        return Decided(replace(granted, updated_at=now, version=approval.version + 1), changed=True)
    return Decided(_decide(granted, ApprovalStatus.APPROVED, user, now), changed=True)


def reject(
    approval: Approval, user: str, reason: str, now: int, *, own_too: bool = False
) -> Decided:
    """`user` refuses it, for `reason`.

    Raises:
        Forbidden: nobody decides on what they requested.
        Conflict: it was approved, or rejected by another.
    """
    if approval.status is ApprovalStatus.REJECTED and approval.decided_by == user:
        return Decided(approval, changed=False)
    _require_pending(approval)
    _require_another(approval, user, own_too=own_too)
    rejected = _decide(approval, ApprovalStatus.REJECTED, user, now)
    return Decided(replace(rejected, decision_reason=reason), changed=True)


def _decide(approval: Approval, status: ApprovalStatus, user: str, now: int) -> Approval:
    return replace(
        approval,
        status=status,
        decided_by=user,
        decided_at=now,
        updated_at=now,
        version=approval.version + 1,
    )


def _require_pending(approval: Approval) -> None:
    if approval.status is not ApprovalStatus.PENDING:
        done = approval.status.value.lower()
        raise Conflict(f"approval {approval.id} has been {done} by {approval.decided_by}")


def _require_another(approval: Approval, user: str, *, own_too: bool) -> None:
    if user == approval.requested_by and not own_too:
        raise Forbidden("nobody decides on their own request: another person has to")
