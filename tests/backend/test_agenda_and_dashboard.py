"""The agenda, the organisation itself, what a phone loads, and events on demand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from tests.backend.asking import (
    ABIDJAN,
    ADMINISTRATOR,
    DAKAR,
    MEMBER,
    PRESIDENT,
    TREASURER,
    Asking,
    a_contribution,
    a_date,
    a_member,
    an_approval,
    organization,
)
from unionflow_backend.core.months import last_months
from unionflow_events import EventType


async def test_a_date_is_set_moved_and_cancelled_and_each_is_said(api: Asking) -> None:
    await organization(api)
    made = await api.made("/events", a_date(), PRESIDENT)
    path = f"/events/{made['id']}"
    moved = await api.ask("PATCH", path, {"endsAt": "2090-12-05T13:00:00+01:00"}, PRESIDENT)
    assert moved.json()["endsAt"] == "2090-12-05T12:00:00.000Z"
    for _ in range(2):
        assert (await api.post(f"{path}/cancel", who=PRESIDENT)).json()["status"] == "CANCELLED"
    answer = await api.ask("PATCH", path, {"title": "Too late"}, PRESIDENT)
    assert answer.status_code == 409
    told = [(kind, data["status"]) for kind, data in await api.said()]
    assert told == [("EVENT_UPDATED", word) for word in ("SCHEDULED", "SCHEDULED", "CANCELLED")]


@pytest.mark.parametrize(
    "times",
    [
        {"startsAt": "2090-12-05T12:00:01Z"},
        {"startsAt": "2090-12-05 12:00"},
        {"startsAt": "2090-12-05T09:00:00"},
        {"startsAt": 3_816_925_200},
        {"startsAt": "1969-12-31T23:59:59Z"},
        {"endsAt": "9999-12-31T23:59:59Z"},
        {"endsAt": None},
    ],
)
async def test_times_that_are_none_or_in_the_wrong_order_are_refused(
    sqlite_api: Asking, times: dict[str, object]
) -> None:
    await organization(sqlite_api)
    answer = await sqlite_api.post("/events", a_date(**times), PRESIDENT)
    assert answer.status_code == 422


async def test_an_organisation_is_founded_once_and_changed_by_whoever_read_it(api: Asking) -> None:
    made = await organization(api)
    assert made["approvalLevels"] == [{"fromAmount": "0", "approvers": 1}]
    again = {"id": DAKAR, "name": "Other", "currency": "EUR"}
    assert (await api.post("/organizations", again)).status_code == 409
    levels = [
        {"fromAmount": "500000", "approvers": 2},
        {"fromAmount": "0", "approvers": 1},
    ]
    path = f"/organizations/{DAKAR}"
    for tag, status in (('"7"', 412), ('"1"', 200), ('"1"', 412), ("*", 200), ('"3", "9"', 200)):
        body = {"approvalLevels": levels}
        answer = await api.ask("PATCH", path, body, PRESIDENT, If_Match=tag)
        assert answer.status_code == status, tag
    read = await api.get(path, MEMBER)
    assert read.headers["etag"] == '"4"'
    assert [level["fromAmount"] for level in read.json()["approvalLevels"]] == ["0", "500000"]


@pytest.mark.parametrize(
    "levels",
    [
        [{"fromAmount": "10", "approvers": 2}, {"fromAmount": "10", "approvers": 3}],
        [{"fromAmount": "10", "approvers": 2}, {"fromAmount": "20", "approvers": 2}],
        [{"fromAmount": "10", "approvers": 0}],
        [{"fromAmount": "10.5", "approvers": 2}],
        [{"fromAmount": "10"}],
    ],
)
async def test_levels_that_make_no_sense_are_refused(
    sqlite_api: Asking, levels: list[dict[str, object]]
) -> None:
    body = {"id": DAKAR, "name": "Dakar", "currency": "XOF", "approvalLevels": levels}
    assert (await sqlite_api.post("/organizations", body)).status_code == 422


async def test_a_dashboard_has_figures_indicators_activity_and_dates(api: Asking) -> None:
    await organization(api)
    member = await api.made("/members", a_member(), PRESIDENT)
    owed = await api.made(
        "/contributions", a_contribution(member["id"]) | {"dueOn": "2020-01-31"}, TREASURER
    )
    await api.made(f"/contributions/{owed['id']}/payments", {"amount": "1250"}, TREASURER)
    await api.made("/finance/approvals", an_approval(), MEMBER)
    past = a_date(title="Past", startsAt="2020-01-01T09:00:00Z", endsAt="2020-01-01T10:00:00Z")
    cancelled = await api.made("/events", a_date(title="Cancelled"), PRESIDENT)
    await api.post(f"/events/{cancelled['id']}/cancel", who=PRESIDENT)
    for date in (past, a_date()):
        await api.made("/events", date, PRESIDENT)
    of = f"?organizationId={DAKAR}"
    whole = (await api.get(f"/dashboard{of}", MEMBER)).json()
    assert whole["stats"] == {
        "totalMembers": 1,
        "totalContributions": "1250",
        "pendingApprovals": 1,
        "currency": "XOF",
    }
    assert {kpi["id"]: kpi["value"] for kpi in whole["kpis"]}["collection-rate"] == 25.0
    assert [event["title"] for event in whole["events"]] == ["General meeting"]
    assert whole["organization"]["id"] == DAKAR
    parts = {
        "stats": (await api.get(f"/dashboard/stats{of}", MEMBER)).json(),
        "kpis": (await api.get(f"/dashboard/kpis{of}", MEMBER)).json()["items"],
        "activities": (await api.get(f"/dashboard/activities{of}", MEMBER)).json()["items"],
        "events": (await api.get(f"/dashboard/events{of}", MEMBER)).json()["items"],
    }
    assert parts == {name: whole[name] for name in parts}
    assert len(whole["activities"]) == 9


async def test_contributions_are_told_by_the_month_in_which_they_fall_due(api: Asking) -> None:
    await organization(api)
    member = await api.made("/members", a_member(), PRESIDENT)
    months = last_months(api.database.clock())
    path = f"/dashboard/months?organizationId={DAKAR}"
    assert (await api.get(path, MEMBER)).json() == {"currency": "XOF", "items": []}
    owed = []
    for dated in (f"{months[-3]}-01", f"{months[-1]}-28", f"{months[-1]}-05", "2020-01-31"):
        body = a_contribution(member["id"]) | {"dueOn": dated}
        owed.append(await api.made("/contributions", body, TREASURER))
    await api.made(f"/contributions/{owed[1]['id']}/payments", {"amount": "1250"}, TREASURER)
    assert (await api.get(path, MEMBER)).json()["items"] == [
        {"month": months[-3], "due": "5000", "paid": "0"},
        {"month": months[-2], "due": "0", "paid": "0"},
        {"month": months[-1], "due": "10000", "paid": "1250"},
    ]


def test_twelve_months_end_with_the_present_one_and_cross_the_year() -> None:
    months = last_months(1_767_225_600_000)  # 2026-01-01, midnight
    assert (len(months), months[0], months[-2], months[-1]) == (12, "2025-02", "2025-12", "2026-01")


async def test_figures_are_counted_once_for_all_who_look_and_again_after_each_change(
    api: Asking,
) -> None:
    await organization(api)
    await organization(api, ABIDJAN)
    counted = 0

    def note(*arguments: Any) -> None:
        nonlocal counted
        counted += "GROUP BY members" in arguments[2]

    event.listen(api.database.engine.sync_engine, "before_cursor_execute", note)
    path = f"/dashboard/stats?organizationId={DAKAR}"
    seen = []
    for change in (None, an_approval(), an_approval(organization_id=ABIDJAN), an_approval()):
        if change is not None:
            await api.made("/finance/approvals", change)
        answers = await asyncio.gather(*(api.get(path) for _ in range(5)))
        seen.append(({answer.json()["pendingApprovals"] for answer in answers}, counted))
    event.remove(api.database.engine.sync_engine, "before_cursor_execute", note)
    assert seen == [({0}, 1), ({1}, 2), ({1}, 2), ({2}, 3)]


async def test_a_dashboard_of_no_organisation_does_not_exist(sqlite_api: Asking) -> None:
    for part in ("", "/stats", "/kpis", "/months"):
        answer = await sqlite_api.get(f"/dashboard{part}?organizationId=nowhere")
        assert answer.status_code == 404


@pytest.mark.parametrize("event_type", EventType)
async def test_an_event_of_any_type_can_be_published_on_demand(
    sqlite_api: Asking, event_type: EventType
) -> None:
    await organization(sqlite_api)
    body = {"eventType": event_type, "organizationId": DAKAR, "data": {"id": "1", "value": 2}}
    if event_type is EventType.USER_NOTIFICATION:
        body["userId"] = "moussa"
    answer = await sqlite_api.post("/dev/events", body, ADMINISTRATOR)
    assert answer.status_code == 202, answer.text
    assert await sqlite_api.said() == (
        [(event_type, body["data"])] if event_type is not EventType.ACTIVITY_CREATED else []
    )
    assert len(await sqlite_api.types()) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"eventType": "BROADCAST_NOTIFICATION", "data": {"title": "to all"}}, 202),
        ({"eventType": "USER_NOTIFICATION", "userId": "kofi", "data": {}}, 202),
        ({"eventType": "USER_NOTIFICATION", "data": {}}, 422),
        ({"eventType": "KPI_UPDATED", "data": {}}, 422),
        ({"eventType": "KPI_UPDATED", "organizationId": ABIDJAN, "data": {}}, 404),
        ({"eventType": "UNKNOWN", "organizationId": DAKAR, "data": {}}, 422),
        ({"eventType": "KPI_UPDATED", "organizationId": DAKAR, "data": []}, 422),
        ({"eventType": "KPI_UPDATED", "organizationId": DAKAR, "data": {"x": 2**70}}, 422),
        ({"eventType": "KPI_UPDATED", "organizationId": DAKAR, "data": {"x": "\ud800"}}, 422),
    ],
)
async def test_an_event_on_demand_obeys_the_rules_of_the_catalogue(
    sqlite_api: Asking, body: dict[str, object], status: int
) -> None:
    await organization(sqlite_api)
    assert (await sqlite_api.post("/dev/events", body)).status_code == status
