"""One good request for every operation of the API, and a world in which each can be made.

A test holds that none is missing, so that whatever is asked of all operations is asked of new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.backend.asking import (
    DAKAR,
    PRESIDENT,
    TREASURER,
    Asking,
    Who,
    a_contribution,
    a_date,
    a_member,
    an_approval,
    document,
    organization,
)
from unionflow_backend.core.permissions import Operation


@dataclass(frozen=True, slots=True)
class Request:
    """A good request. needs: the operation of the table of roles. status: of its answer.

    of: whose it is; False where it is no organisation's.
    """

    id: str
    needs: Operation
    method: str
    path: str
    body: Any = None
    status: int = 200
    of: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what there is in Dakar."""

    approval: str
    member: str
    contribution: str
    notification: str
    event: str


async def populate(api: Asking) -> World:
    """Make one of everything in Dakar."""
    await organization(api)
    member = await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    sent = {"organizationId": DAKAR, "title": "Meeting", "body": "At nine."}
    return World(
        (await api.made("/finance/approvals", an_approval(), Who("fatou")))["id"],
        member["id"],
        (await api.made("/contributions", a_contribution(member["id"]), TREASURER))["id"],
        (await api.made("/notifications", sent, TREASURER))["id"],
        (await api.made("/events", a_date(), PRESIDENT))["id"],
    )


def requests(world: World) -> Sequence[Request]:
    """A good request for every operation; each can be made once, after those before it."""
    return [*_organizations(), *_money(world), *_people(world), *_dashboard()]


def _organizations() -> Sequence[Request]:
    of = f"/organizations/{DAKAR}"
    new = {"id": "mutuelle-thies", "name": "Thiès", "currency": "XOF"}
    read, create = Operation.ORGANIZATIONS_READ, Operation.ORGANIZATIONS_CREATE
    update = Operation.ORGANIZATIONS_UPDATE
    return [
        Request("list_organizations", read, "GET", "/organizations", of=False),
        Request("create_organization", create, "POST", "/organizations", new, 201, of=False),
        Request("get_organization", read, "GET", of),
        Request("update_organization", update, "PATCH", of, {"name": "Mutuelle"}),
    ]


def _money(world: World) -> Sequence[Request]:
    approvals, contributions = "/finance/approvals", "/contributions"
    approval = f"{approvals}/{world.approval}"
    owed = f"{contributions}/{world.contribution}"
    reads, decides = Operation.APPROVALS_READ, Operation.APPROVALS_DECIDE
    sees, pays = Operation.CONTRIBUTIONS_READ, Operation.CONTRIBUTIONS_PAY
    asks, changes = Operation.CONTRIBUTIONS_CREATE, Operation.CONTRIBUTIONS_UPDATE
    new, payment = a_contribution(world.member), {"amount": "1000"}
    return [
        Request("list_approvals", reads, "GET", _of(approvals)),
        Request(
            "create_approval", Operation.APPROVALS_CREATE, "POST", approvals, an_approval(), 201
        ),
        Request("get_approval", reads, "GET", approval),
        Request("approve_approval", decides, "POST", f"{approval}/approve"),
        Request("reject_approval", decides, "POST", f"{approval}/reject", {"reason": "no"}, 409),
        Request("list_contributions", sees, "GET", _of(contributions)),
        Request("create_contribution", asks, "POST", contributions, new, 201),
        Request("get_contribution", sees, "GET", owed),
        Request("update_contribution", changes, "PATCH", owed, {"label": "Dec."}),
        Request("pay_contribution", pays, "POST", f"{owed}/payments", payment, 201),
        Request("list_payments", sees, "GET", f"{owed}/payments"),
        Request(
            "remind_of_contribution", Operation.CONTRIBUTIONS_REMIND, "POST", f"{owed}/reminders"
        ),
    ]


def _people(world: World) -> Sequence[Request]:
    members, member = "/members", f"/members/{world.member}"
    message, date = f"/notifications/{world.notification}/read", f"/events/{world.event}"
    sent = {"organizationId": DAKAR, "title": "Hello", "body": "There."}
    ends, reads = Operation.MEMBERS_DEACTIVATE, Operation.NOTIFICATIONS_READ
    writes, sees = Operation.AGENDA_WRITE, Operation.AGENDA_READ
    roles, joins = Operation.MEMBERS_SET_ROLES, a_member("Kine")
    update, knows = Operation.MEMBERS_UPDATE, Operation.MEMBERS_READ
    return [
        Request("list_members", knows, "GET", _of(members)),
        Request("create_member", Operation.MEMBERS_CREATE, "POST", members, joins, 201),
        Request("get_member", knows, "GET", member),
        Request("update_member", update, "PATCH", member, {"phone": "+221 77 000 00 00"}),
        Request("set_member_roles", roles, "PUT", f"{member}/roles", {"roles": ["treasurer"]}),
        Request("list_notifications", reads, "GET", _of("/notifications")),
        Request(
            "create_notification",
            Operation.NOTIFICATIONS_SEND,
            "POST",
            "/notifications",
            sent,
            201,
        ),
        Request("mark_read", reads, "PUT", message),
        Request("mark_unread", reads, "DELETE", message),
        Request("list_events", sees, "GET", _of("/events")),
        Request("create_event", writes, "POST", "/events", a_date(), 201),
        Request("get_event", sees, "GET", date),
        Request("update_event", writes, "PATCH", date, {"title": "Annual meeting"}),
        Request("cancel_event", writes, "POST", f"{date}/cancel"),
        Request("deactivate_member", ends, "POST", f"{member}/deactivate"),
        Request("activate_member", ends, "POST", f"{member}/activate"),
    ]


def _dashboard() -> Sequence[Request]:
    reads = Operation.DASHBOARD_READ
    event = {"eventType": "KPI_UPDATED", "organizationId": DAKAR, "data": {"value": 1}}
    paths = {
        "get_dashboard": "",
        "get_stats": "/stats",
        "get_kpis": "/kpis",
        "list_months": "/months",
        "list_activities": "/activities",
        "list_upcoming_events": "/events",
    }
    return [
        *(Request(id, reads, "GET", _of(f"/dashboard{path}")) for id, path in paths.items()),
        Request("publish_test_event", Operation.DEV_PUBLISH, "POST", "/dev/events", event, 202),
    ]


def _of(path: str) -> str:
    return f"{path}?organizationId={DAKAR}"


def documented() -> Mapping[str, tuple[str, str]]:
    """(method, path) of every operation of `/api/v1` in the OpenAPI document, by its id."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, operations in document()["paths"].items()
        if path.startswith("/api/v1")
        for method, operation in operations.items()
    }
