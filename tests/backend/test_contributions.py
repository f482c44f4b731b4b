"""Contributions by REST: asked for, paid in whole and in part, reminded of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backend.asking import (
    ABIDJAN,
    DAKAR,
    MEMBER,
    PRESIDENT,
    STRANGER,
    TREASURER,
    Asking,
    a_contribution,
    a_member,
    organization,
)


async def owed(api: Asking, currency: str = "XOF", amount: str = "5000") -> dict[str, Any]:
    await organization(api, currency=currency)
    member = await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    return await api.made("/contributions", a_contribution(member["id"], amount), TREASURER)


async def test_paid_in_parts_it_is_paid_in_the_end_and_each_payment_is_said(api: Asking) -> None:
    made = await owed(api)
    assert (made["status"], made["remaining"], made["currency"]) == ("DUE", "5000", "XOF")
    path = f"/contributions/{made['id']}/payments"
    seen = []
    for amount in ("2000", "3000"):
        body = {"amount": amount, "method": "MOBILE_MONEY", "reference": "OM-1"}
        payment = await api.made(path, body, TREASURER)
        seen.append((payment["contribution"]["status"], payment["contribution"]["remaining"]))
    assert seen == [("PARTIALLY_PAID", "3000"), ("PAID", "0")]
    told = [data for kind, data in await api.said() if kind == "CONTRIBUTION_PAID"]
    assert [(one["id"], one["amount"], one["remaining"], one["status"]) for one in told] == [
        (made["id"], "2000", "3000", "PARTIALLY_PAID"),
        (made["id"], "3000", "0", "PAID"),
    ]
    listed = (await api.get(path, MEMBER)).json()["items"]
    assert [payment["amount"] for payment in listed] == ["2000", "3000"]


async def test_more_than_is_owed_and_what_is_paid_already_are_refused(api: Asking) -> None:
    made = await owed(api)
    path = f"/contributions/{made['id']}"
    answer = await api.post(f"{path}/payments", {"amount": "5001"}, TREASURER)
    assert answer.status_code == 422
    assert "5000 XOF still owed" in answer.json()["detail"]
    await api.made(f"{path}/payments", {"amount": "5000"}, TREASURER)
    for action, body in (("payments", {"amount": "1"}), ("reminders", None)):
        assert (await api.post(f"{path}/{action}", body, TREASURER)).status_code == 409


async def test_amounts_are_exact_in_every_currency(api: Asking) -> None:
    made = await owed(api, "EUR", "0.30")
    path = f"/contributions/{made['id']}/payments"
    last = [await api.made(path, {"amount": "0.1"}, TREASURER) for _ in range(3)][-1]
    assert (last["amount"], last["contribution"]["status"]) == ("0.10", "PAID")


async def test_a_reminder_reaches_the_member_alone(api: Asking) -> None:
    made = await owed(api)
    answer = await api.post(f"/contributions/{made['id']}/reminders", who=TREASURER)
    assert answer.json()["reminders"] == 1
    assert [kind for kind, _ in await api.said()][-1] == "USER_NOTIFICATION"
    inboxes = [
        [one["title"] for one in (await api.get("/notifications", who)).json()["items"]]
        for who in (MEMBER, TREASURER)
    ]
    assert inboxes == [["Reminder: December"], []]


async def test_whoever_has_no_user_cannot_be_reminded(api: Asking) -> None:
    await organization(api)
    member = await api.made("/members", a_member(), PRESIDENT)
    made = await api.made("/contributions", a_contribution(member["id"]), TREASURER)
    answer = await api.post(f"/contributions/{made['id']}/reminders", who=TREASURER)
    assert answer.status_code == 409


async def test_only_an_active_member_of_the_same_organisation_owes(api: Asking) -> None:
    await organization(api)
    await organization(api, ABIDJAN)
    elsewhere = await api.made("/members", a_member(organization_id=ABIDJAN), STRANGER)
    gone = await api.made("/members", a_member(), PRESIDENT)
    await api.post(f"/members/{gone['id']}/deactivate", who=PRESIDENT)
    for member in (elsewhere, gone):
        answer = await api.post("/contributions", a_contribution(member["id"]), TREASURER)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "memberId")


async def test_lists_are_filtered_by_status_member_and_date(api: Asking) -> None:
    made = await owed(api)
    later = a_contribution(made["memberId"]) | {"dueOn": "2027-06-30", "label": "June"}
    await api.made("/contributions", later, TREASURER)
    await api.made(f"/contributions/{made['id']}/payments", {"amount": "1"}, TREASURER)
    asked = {
        "": ["December", "June"],
        "&status=DUE": ["June"],
        "&dueBefore=2027-01-01": ["December"],
        f"&memberId={made['memberId']}&sort=-dueOn": ["June", "December"],
        "&status=PAID": [],
    }
    for query, labels in asked.items():
        page = (await api.get(f"/contributions?organizationId={DAKAR}{query}", MEMBER)).json()
        assert [one["label"] for one in page["items"]] == labels, query


@pytest.mark.parametrize(
    "day", ["2026-02-30", "31-12-2026", "2026-12-31T00:00:00Z", "9999-01-01", ""]
)
async def test_a_day_that_is_none_is_refused(sqlite_api: Asking, day: str) -> None:
    made = await owed(sqlite_api)
    body = {"dueOn": day}
    answer = await sqlite_api.ask("PATCH", f"/contributions/{made['id']}", body, TREASURER)
    assert answer.status_code == 422


async def test_a_label_and_a_day_change_without_touching_what_is_paid(api: Asking) -> None:
    made = await owed(api)
    await api.made(f"/contributions/{made['id']}/payments", {"amount": "1000"}, TREASURER)
    body = {"label": "Year's end", "dueOn": "2027-01-15"}
    answer = await api.ask("PATCH", f"/contributions/{made['id']}", body, TREASURER)
    changed = answer.json()
    assert (changed["label"], changed["dueOn"], changed["paid"]) == (
        "Year's end",
        "2027-01-15",
        "1000",
    )
