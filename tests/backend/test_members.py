"""Members by REST: joining, particulars, roles, leaving; and what a token opens afterwards."""

from __future__ import annotations

import time

import pytest

from tests.backend.asking import (
    ABIDJAN,
    ADMINISTRATOR,
    DAKAR,
    MEMBER,
    PRESIDENT,
    STRANGER,
    Asking,
    Who,
    a_member,
    an_approval,
    calling,
    organization,
)
from tests.backend.tokens import SECRET_CALLERS, token


async def test_somebody_joins_and_it_is_said(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(userId="awa", roles=["treasurer"]), PRESIDENT)
    assert (made["status"], made["roles"]) == ("ACTIVE", ["member", "treasurer"])
    assert await api.said() == [
        (
            "MEMBER_CREATED",
            {
                "id": made["id"],
                "firstName": "Awa",
                "lastName": "Diop",
                "email": "awa@example.org",
                "roles": ["member", "treasurer"],
                "status": "ACTIVE",
                "userId": "awa",
            },
        )
    ]


async def test_one_address_and_one_user_are_one_member_of_an_organisation(api: Asking) -> None:
    await organization(api)
    await organization(api, ABIDJAN)
    await api.made("/members", a_member(userId="awa"), PRESIDENT)
    for other in (a_member(email="AWA@example.org"), a_member("Binta", userId="awa")):
        answer = await api.post("/members", other, PRESIDENT)
        assert answer.status_code == 409, answer.text
    await api.made("/members", a_member(organization_id=ABIDJAN, userId="awa"), STRANGER)


async def test_particulars_change_and_a_user_is_set_once(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(), PRESIDENT)
    path = f"/members/{made['id']}"
    for user in ("awa", "awa"):
        answer = await api.ask("PATCH", path, {"userId": user, "lastName": "Fall"}, PRESIDENT)
        assert (answer.json()["userId"], answer.json()["lastName"]) == ("awa", "Fall")
    answer = await api.ask("PATCH", path, {"userId": "other"}, PRESIDENT)
    assert answer.status_code == 409
    assert [kind for kind, _ in await api.said()] == ["MEMBER_CREATED"] + ["MEMBER_UPDATED"] * 2


async def test_only_an_administrator_makes_an_administrator(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(), PRESIDENT)
    path, roles = f"/members/{made['id']}/roles", {"roles": ["administrator"]}
    assert (await api.ask("PUT", path, roles, PRESIDENT)).status_code == 403
    assert (await api.ask("PUT", path, roles, ADMINISTRATOR)).status_code == 200
    assert (await api.ask("PUT", path, {"roles": []}, PRESIDENT)).status_code == 403
    answer = await api.post("/members", a_member("Kine", roles=["administrator"]), PRESIDENT)
    assert answer.status_code == 403


async def test_who_leaves_is_said_with_user_and_status_once(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(userId="awa"), PRESIDENT)
    path = f"/members/{made['id']}"
    for _ in range(2):
        assert (await api.post(f"{path}/deactivate", who=PRESIDENT)).json()["status"] == "INACTIVE"
    assert (await api.post(f"{path}/activate", who=PRESIDENT)).json()["status"] == "ACTIVE"
    told = [(kind, data["userId"], data["status"]) for kind, data in await api.said()]
    assert told == [
        ("MEMBER_CREATED", "awa", "ACTIVE"),
        ("MEMBER_UPDATED", "awa", "INACTIVE"),
        ("MEMBER_UPDATED", "awa", "ACTIVE"),
    ]


async def test_who_has_left_sees_the_organisation_no_more(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    path = f"/dashboard?organizationId={DAKAR}"
    assert (await api.get(path, MEMBER)).status_code == 200
    await api.post(f"/members/{made['id']}/deactivate", who=PRESIDENT)
    assert (await api.get(path, MEMBER)).status_code == 404
    assert (await api.post("/finance/approvals", an_approval(), MEMBER)).status_code == 404
    assert (await api.get("/organizations", MEMBER)).json()["items"] == []
    await api.post(f"/members/{made['id']}/activate", who=PRESIDENT)
    assert (await api.get(path, MEMBER)).status_code == 200


async def test_a_token_of_before_the_end_opens_nothing_and_one_of_after_does(api: Asking) -> None:
    await organization(api)
    made = await api.made("/members", a_member(userId="awa"), PRESIDENT)
    await api.post(f"/members/{made['id']}/deactivate", who=PRESIDENT)
    now = time.time()
    path = f"/finance/approvals?organizationId={DAKAR}"
    async with calling(api.database, SECRET_CALLERS) as with_tokens:
        answers = {}
        for issued_at in (now - 60, now + 5):
            text = token(issued_at=issued_at, organizations=[DAKAR])
            answer = await with_tokens.get(path, Authorization=f"Bearer {text}")
            answers[round(issued_at - now)] = answer.status_code
    assert answers == {-60: 404, 5: 200}


async def test_a_token_says_who_one_is_where_one_belongs_and_what_one_may(api: Asking) -> None:
    await organization(api)
    await organization(api, ABIDJAN)
    async with calling(api.database, SECRET_CALLERS) as with_tokens:
        mine = {"Authorization": f"Bearer {token(organizations=[DAKAR], roles=['treasurer'])}"}
        made = await with_tokens.post("/finance/approvals", an_approval(), mine)
        assert (made.status_code, made.json()["requestedBy"]) == (201, "awa")
        approve = f"/finance/approvals/{made.json()['id']}/approve"
        assert (await with_tokens.post(approve, None, mine)).status_code == 403
        listed = await with_tokens.get("/organizations", mine)
        assert [one["id"] for one in listed.json()["items"]] == [DAKAR]
        elsewhere = await with_tokens.get(f"/events?organizationId={ABIDJAN}", mine)
        assert elsewhere.status_code == 404
        other = {**mine, "X-Roles": "administrator", "X-Organization-Ids": ABIDJAN}
        assert (await with_tokens.get(f"/organizations/{ABIDJAN}", other)).status_code == 404


@pytest.mark.parametrize("organizations", [[], [DAKAR, ABIDJAN]])
async def test_a_list_without_an_organisation_asks_for_one_where_it_is_not_clear(
    sqlite_api: Asking, organizations: list[str]
) -> None:
    who = Who("awa", "treasurer", ",".join(organizations))
    answer = await sqlite_api.get("/members", who)
    assert answer.status_code == 422
    assert "organizationId" in answer.json()["detail"]
    assert (await sqlite_api.get("/members", Who("awa", "treasurer"))).status_code == 200
