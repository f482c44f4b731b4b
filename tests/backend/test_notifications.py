"""Messages by REST: to a user, to an organisation, to everyone; read and unread."""

from __future__ import annotations

from tests.backend.asking import (
    ABIDJAN,
    ADMINISTRATOR,
    DAKAR,
    MEMBER,
    PRESIDENT,
    STRANGER,
    TREASURER,
    Asking,
    Who,
    a_member,
    organization,
)

MESSAGE = {"title": "Meeting", "body": "At nine."}


async def titles(api: Asking, who: Who, query: str = "") -> list[tuple[str, bool]]:
    page = (await api.get(f"/notifications{query}", who)).json()
    return [(one["title"], one["read"]) for one in page["items"]]


async def test_each_message_is_seen_by_those_it_is_for_and_said_to_them(api: Asking) -> None:
    for id in (DAKAR, ABIDJAN):
        await organization(api, id)
    await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    to_all = {"title": "All", "body": "x"}
    to_dakar = {"organizationId": DAKAR, "title": "Dakar", "body": "x"}
    to_moussa = {**to_dakar, "userId": "moussa", "title": "Moussa"}
    for message in (to_all, to_dakar, to_moussa):
        await api.made("/notifications", message, ADMINISTRATOR)
    seen = {who.user: await titles(api, who) for who in (MEMBER, TREASURER, STRANGER)}
    assert seen == {
        "moussa": [("Moussa", False), ("Dakar", False), ("All", False)],
        "awa": [("Dakar", False), ("All", False)],
        "kofi": [("All", False)],
    }
    told = [(kind, data["title"]) for kind, data in await api.said() if "title" in data]
    assert sorted(told) == [
        ("BROADCAST_NOTIFICATION", "All"),
        ("BROADCAST_NOTIFICATION", "Dakar"),
        ("USER_NOTIFICATION", "Moussa"),
    ]


async def test_what_one_has_read_is_read_for_oneself_alone(api: Asking) -> None:
    await organization(api)
    sent = await api.made("/notifications", {**MESSAGE, "organizationId": DAKAR}, TREASURER)
    path = f"/notifications/{sent['id']}/read"
    for _ in range(2):
        assert (await api.ask("PUT", path, who=MEMBER)).json()["read"] is True
    assert await titles(api, MEMBER) == [("Meeting", True)]
    assert await titles(api, MEMBER, "?unread=true") == []
    assert await titles(api, TREASURER, "?unread=true") == [("Meeting", False)]
    assert (await api.ask("DELETE", path, who=MEMBER)).json()["read"] is False
    assert await titles(api, MEMBER, "?unread=true") == [("Meeting", False)]


async def test_anothers_message_does_not_exist(api: Asking) -> None:
    await organization(api)
    await api.made("/members", a_member(userId="moussa"), PRESIDENT)
    to_moussa = {**MESSAGE, "organizationId": DAKAR, "userId": "moussa"}
    sent = await api.made("/notifications", to_moussa, TREASURER)
    for who in (TREASURER, STRANGER):
        answer = await api.ask("PUT", f"/notifications/{sent['id']}/read", who=who)
        assert answer.status_code == 404


async def test_to_everyone_and_to_strangers_only_administrators_write(api: Asking) -> None:
    await organization(api)
    for body in (MESSAGE, {**MESSAGE, "userId": "kofi"}):
        assert (await api.post("/notifications", body, PRESIDENT)).status_code == 403
        assert (await api.post("/notifications", body, ADMINISTRATOR)).status_code == 201
    stranger = {**MESSAGE, "organizationId": DAKAR, "userId": "kofi"}
    assert (await api.post("/notifications", stranger, TREASURER)).status_code == 422


async def test_pages_go_through_all_addressees_in_one_order(api: Asking) -> None:
    await organization(api)
    for number in range(6):
        whose = {"organizationId": DAKAR} if number % 2 else {}
        await api.made("/notifications", {**MESSAGE, "title": str(number), **whose}, ADMINISTRATOR)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await api.get(f"/notifications?limit=2{cursor}", MEMBER)).json()
        seen += [one["title"] for one in page["items"]]
        if not page["nextCursor"]:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == ["5", "4", "3", "2", "1", "0"]
