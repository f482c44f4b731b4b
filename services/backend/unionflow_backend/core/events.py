"""What each change of the business says: its event of the catalogue, with the payload's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unionflow_backend.core.agenda import AgendaEvent
from unionflow_backend.core.announcements import Announcement
from unionflow_backend.core.approvals import Approval, ApprovalStatus
from unionflow_backend.core.contributions import Contribution, Payment
from unionflow_backend.core.members import Member
from unionflow_backend.core.money import write_amount
from unionflow_backend.core.notifications import Notification
from unionflow_events import EventType, rfc3339

_OF_APPROVALS = {
    ApprovalStatus.PENDING: EventType.APPROVAL_PENDING,
    ApprovalStatus.APPROVED: EventType.APPROVAL_APPROVED,
    ApprovalStatus.REJECTED: EventType.APPROVAL_REJECTED,
}


def of_approval(approval: Approval) -> Announcement:
    """Where an approval stands now."""
    data: dict[str, Any] = {
        "id": approval.id,
        "transactionType": approval.transaction_type,
        "amount": write_amount(approval.amount, approval.currency),
        "currency": approval.currency,
    }
    if approval.status is ApprovalStatus.PENDING:
        data |= {
            "requestedBy": approval.requested_by,
            "requestedAt": rfc3339(approval.created_at),
            "approvals": approval.approvals,
            "approvalsNeeded": approval.approvals_needed,
        }
    else:
        done = approval.status.value.lower()
        data |= {f"{done}By": approval.decided_by, f"{done}At": rfc3339(approval.decided_at or 0)}
        if approval.status is ApprovalStatus.REJECTED:
            data["reason"] = approval.decision_reason
    return Announcement(_OF_APPROVALS[approval.status], data, approval.organization_id)


def of_member(member: Member, *, joined: bool = False) -> Announcement:
    """Who a member is now. With `userId` and `status`, by which relays revoke and restore."""
    data: dict[str, Any] = {
        "id": member.id,
        "firstName": member.first_name,
        "lastName": member.last_name,
        "email": member.email,
        "roles": sorted(role.value for role in member.roles),
        "status": member.status.value,
    }
    if member.user_id is not None:
        data["userId"] = member.user_id
    event_type = EventType.MEMBER_CREATED if joined else EventType.MEMBER_UPDATED
    return Announcement(event_type, data, member.organization_id)


def of_payment(contribution: Contribution, payment: Payment) -> Announcement:
    """A contribution was paid, whole or in part; `amount` is this payment's."""
    currency = contribution.currency
    data = {
        "id": contribution.id,
        "memberId": contribution.member_id,
        "paymentId": payment.id,
        "amount": write_amount(payment.amount, currency),
        "currency": currency,
        "remaining": write_amount(contribution.remaining, currency),
        "status": contribution.status.value,
        "method": payment.method.value,
        "paidAt": rfc3339(payment.created_at),
    }
    return Announcement(EventType.CONTRIBUTION_PAID, data, contribution.organization_id)


def of_notification(notification: Notification) -> Announcement:
    """A message, to whom it is for."""
    data = {
        "id": notification.id,
        "title": notification.title,
        "body": notification.body,
        "createdAt": rfc3339(notification.created_at),
    }
    personal = notification.user_id is not None
    event_type = EventType.USER_NOTIFICATION if personal else EventType.BROADCAST_NOTIFICATION
    return Announcement(event_type, data, notification.organization_id, notification.user_id)


def of_agenda_event(event: AgendaEvent) -> Announcement:
    """A date of the agenda as it is now."""
    data: Mapping[str, Any] = {
        "id": event.id,
        "title": event.title,
        "description": event.description,
        "kind": event.kind.value,
        "location": event.location,
        "startsAt": rfc3339(event.starts_at),
        "endsAt": rfc3339(event.ends_at),
        "status": event.status.value,
    }
    return Announcement(EventType.EVENT_UPDATED, data, event.organization_id)
