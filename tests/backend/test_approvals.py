"""Approvals by REST: who may grant, how many must, and what is said of it."""

from __future__ import annotations

import pytest

from tests.backend.asking import (
    DAKAR,
    MEMBER,
    PRESIDENT,
    SECOND_TREASURER,
    TREASURER,
    Asking,
    an_approval,
    organization,
)

PATH = "/finance/approvals"


async def test_an_approval_is_requested_then_granted_and_each_step_is_said(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval(), MEMBER)
    assert made["status"] == "PENDING"
    assert made["requestedBy"] == "moussa"
    answer = await api.post(f"{PATH}/{made['id']}/approve", who=TREASURER)
    assert answer.status_code == 200
    approved = answer.json()
    assert approved["status"] == "APPROVED"
    assert approved["approvedBy"] == "awa"
    pending, granted = await api.said()
    assert pending[0] == "APPROVAL_PENDING"
    assert granted == (
        "APPROVAL_APPROVED",
        {
            "id": made["id"],
            "transactionType": "LOAN",
            "amount": "125000",
            "currency": "XOF",
            "approvedBy": "awa",
            "approvedAt": approved["approvedAt"],
        },
    )


async def test_each_change_adds_a_line_of_activity_after_its_event(api: Asking) -> None:
    await organization(api)
    await api.made(PATH, an_approval(), MEMBER)
    assert await api.types() == ["ACTIVITY_CREATED", "APPROVAL_PENDING", "ACTIVITY_CREATED"]
    lines = (await api.get(f"/dashboard/activities?organizationId={DAKAR}", MEMBER)).json()
    assert [line["kind"] for line in lines["items"]] == ["APPROVAL_PENDING", "ORGANIZATION_CREATED"]


async def test_a_rejection_needs_a_reason_and_says_it(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval(), MEMBER)
    for body in ({}, {"reason": ""}):
        assert (await api.post(f"{PATH}/{made['id']}/reject", body, TREASURER)).status_code == 422
    answer = await api.post(f"{PATH}/{made['id']}/reject", {"reason": "No funds"}, TREASURER)
    assert answer.json()["rejectionReason"] == "No funds"
    kind, data = (await api.said())[-1]
    assert (kind, data["rejectedBy"], data["reason"]) == ("APPROVAL_REJECTED", "awa", "No funds")


async def test_pressed_twice_it_is_approved_once(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval(), MEMBER)
    first = await api.post(f"{PATH}/{made['id']}/approve", who=TREASURER)
    second = await api.post(f"{PATH}/{made['id']}/approve", who=TREASURER)
    assert (second.status_code, second.json()) == (200, first.json())
    assert [kind for kind, _ in await api.said()] == ["APPROVAL_PENDING", "APPROVAL_APPROVED"]


async def test_whoever_comes_too_late_is_told_who_decided(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval(), MEMBER)
    await api.post(f"{PATH}/{made['id']}/approve", who=TREASURER)
    for action, body in (("approve", None), ("reject", {"reason": "late"})):
        answer = await api.post(f"{PATH}/{made['id']}/{action}", body, PRESIDENT)
        assert answer.status_code == 409
        assert "approved by awa" in answer.json()["detail"]


async def test_nobody_approves_their_own_request(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval(), TREASURER)
    for action, body in (("approve", None), ("reject", {"reason": "mine"})):
        answer = await api.post(f"{PATH}/{made['id']}/{action}", body, TREASURER)
        assert answer.status_code == 403
    assert (await api.post(f"{PATH}/{made['id']}/approve", who=PRESIDENT)).status_code == 200


async def test_whoever_does_not_say_who_they_are_may_try_it_alone(api: Asking) -> None:
    await organization(api)
    made = await api.made(PATH, an_approval())
    answer = await api.post(f"{PATH}/{made['id']}/approve")
    assert (answer.status_code, answer.json()["status"]) == (200, "APPROVED")


async def test_a_large_amount_needs_as_many_different_people_as_its_level_says(api: Asking) -> None:
    levels = [{"fromAmount": "1000000", "approvers": 2}]
    await organization(api, approvalLevels=levels)
    small = await api.made(PATH, an_approval("999999"), MEMBER)
    large = await api.made(PATH, an_approval("1000000"), MEMBER)
    assert (small["approvalsNeeded"], large["approvalsNeeded"]) == (1, 2)
    approve = f"{PATH}/{large['id']}/approve"
    seen = [(await api.post(approve, who=who)).json() for who in (TREASURER, TREASURER)]
    assert [(one["status"], one["approvals"]) for one in seen] == [("PENDING", 1)] * 2
    last = (await api.post(approve, who=SECOND_TREASURER)).json()
    assert (last["status"], last["approvals"]) == ("APPROVED", 2)
    kinds = [kind for kind, data in await api.said() if data["id"] == large["id"]]
    assert kinds == ["APPROVAL_PENDING", "APPROVAL_PENDING", "APPROVAL_APPROVED"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "12.5"}, "amount"),
        ({"amount": "1e5"}, "amount"),
        ({"amount": 125000}, "amount"),
        ({"amount": "9999999999999999"}, "amount"),
        ({"currency": "XXY"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "xof"}, "currency"),
        ({"transactionType": "loan"}, "transactionType"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 1_001}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "half \ud800 a pair"}, "reason"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_cannot_be_requested_is_told_field_by_field(
    sqlite_api: Asking, change: dict[str, object], field: str
) -> None:
    await organization(sqlite_api)
    answer = await sqlite_api.post(PATH, {**an_approval(), **change}, MEMBER)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_lists_are_filtered_sorted_and_come_in_pages(api: Asking) -> None:
    await organization(api)
    amounts = ["300", "100", "200", "100", "500"]
    made = [await api.made(PATH, an_approval(amount), MEMBER) for amount in amounts]
    await api.post(f"{PATH}/{made[0]['id']}/approve", who=TREASURER)
    seen: list[str] = []
    url = f"{PATH}?organizationId={DAKAR}&sort=amount&limit=2"
    page = (await api.get(url, MEMBER)).json()
    seen += [one["amount"] for one in page["items"]]
    while page["nextCursor"]:
        page = (await api.get(f"{url}&cursor={page['nextCursor']}", MEMBER)).json()
        seen += [one["amount"] for one in page["items"]]
    assert seen == sorted(amounts, key=int)
    newest = (await api.get(f"{PATH}?organizationId={DAKAR}", MEMBER)).json()["items"]
    assert [one["id"] for one in newest] == [one["id"] for one in reversed(made)]
    pending = (await api.get(f"{PATH}?organizationId={DAKAR}&status=PENDING", MEMBER)).json()
    assert len(pending["items"]) == 4
