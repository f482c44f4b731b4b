"""What a treasurer lives by: requests that appear, decisions that are seen, figures that move."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.dashboard import open_dashboard
from tests.browser.people import PRESIDENT, TREASURER, Colleague, member, president
from tests.browser.stack import Stack
from tests.browser.window import PHONE, Opener
from tests.relay.live import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_scenario_1_in_two_windows(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE) as first, window(language="en-GB") as second:
        here = await open_dashboard(first.page, stack.url)
        there = await open_dashboard(
            second.page, stack.url, user=PRESIDENT, roles="president", language="en"
        )
        id = await member(stack).ask_for(125_000)
        await expect(here.approval(id)).to_contain_text("125\u202f000")
        await expect(there.approval(id)).to_contain_text("125,000")
        await expect(there.button("approve", id)).to_be_visible()
        await here.button("approve", id).click()
        for one, word in ((here, "Approuvé"), (there, "Approved")):
            await expect(one.approval(id)).to_contain_text(word)
            await expect(one.button("approve", id)).to_have_count(0)
        await expect(there.approval(id)).to_contain_text("Awa Ndiaye")
        decided = await president(stack).get(f"/finance/approvals/{id}")
        assert (decided["status"], decided["approvedBy"]) == ("APPROVED", TREASURER)


async def test_a_rejection_asks_for_its_reason_and_everybody_reads_it(
    stack: Stack, window: Opener
) -> None:
    async with window() as first, window(viewport=PHONE) as second:
        here = await open_dashboard(first.page, stack.url)
        there = await open_dashboard(second.page, stack.url, user=PRESIDENT, roles="president")
        id = await member(stack).ask_for(60_000)
        await here.button("reject", id).click()
        why = here.page.get_by_label("Pourquoi rejetez-vous cette demande ?")
        await here.page.get_by_role("button", name="Confirmer le rejet").click()
        await expect(here.page.get_by_text("Un motif est nécessaire.")).to_be_visible()
        await why.fill("Il manque le relevé")
        await here.page.get_by_role("button", name="Confirmer le rejet").click()
        for one in (here, there):
            await expect(one.approval(id)).to_contain_text("Rejeté")
            await expect(one.approval(id)).to_contain_text("Il manque le relevé")
        decided = await president(stack).get(f"/finance/approvals/{id}")
        assert (decided["status"], decided["rejectionReason"]) == (
            "REJECTED",
            "Il manque le relevé",
        )


async def test_what_is_decided_elsewhere_changes_under_the_finger_and_nothing_moves(
    stack: Stack, window: Opener
) -> None:
    async with window() as one:
        here = await open_dashboard(one.page, stack.url)
        first, second = [await member(stack).ask_for(amount) for amount in (41_000, 42_000)]
        await expect(here.approval(second)).to_be_visible()
        await here.button("approve", first).hover()
        place = await here.approval(second).bounding_box()
        pressed: list[str] = []
        here.page.on("request", lambda asked: pressed.append(asked.method))
        await president(stack).approve(first)
        await here.until_decided(first)
        await expect(here.approval(first)).to_contain_text("Mamadou Diouf")
        await here.page.mouse.down()
        await here.page.mouse.up()
        await expect(here.button("approve", second)).to_be_enabled()
        assert await here.approval(second).bounding_box() == place
        assert "POST" not in pressed


async def test_scenario_2_the_figures_alone_follow_when_they_are_published(
    stack: Stack, window: Opener
) -> None:
    cotonou = Colleague(stack, "theodore-ahouansou", "president", "mutuelle-cotonou")
    async with window() as one:
        asked: list[str] = []
        one.page.on("request", lambda request: asked.append(request.url))
        here = await open_dashboard(one.page, stack.url, organization="mutuelle-cotonou")
        # All of it once, and once more for what happened until the stream began.
        await eventually(lambda: sum("/notifications?limit" in url for url in asked) >= 2)
        figures = await here.part("statistics").element_handle()
        assert figures is not None
        before = await cotonou.get("/dashboard/stats?organizationId=mutuelle-cotonou")
        asked.clear()
        newcomer = {"firstName": "Judith", "lastName": "Zinsou", "email": "j.zinsou@example.org"}
        await cotonou.post("/members", {"organizationId": "mutuelle-cotonou", **newcomer})
        count = before["totalMembers"] + 1
        await expect(here.part("statistics")).to_contain_text(str(count))
        assert await figures.evaluate("(part) => part.isConnected"), "it was drawn anew"
        untouched = ("status=PENDING", "/dashboard/events", "/notifications")
        assert not [url for url in asked if any(part in url for part in untouched)]


async def test_a_message_counts_as_unread_until_it_is_read(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        await president(stack).tell(TREASURER, "Réunion samedi")
        await expect(here.part("unread")).to_contain_text("1")
        message = here.part("notifications").locator("li", has_text="Réunion samedi")
        await message.get_by_role("button", name="Marquer comme lu").click()
        await expect(here.part("unread")).not_to_contain_text("1")
        inbox = await Colleague(stack, TREASURER, "treasurer").get("/notifications")
        assert [it["read"] for it in inbox["items"] if it["title"] == "Réunion samedi"] == [True]


async def test_everything_can_be_done_with_the_keyboard_and_is_said_aloud(
    stack: Stack, window: Opener
) -> None:
    async with window() as one:
        here = await open_dashboard(one.page, stack.url)
        id = await member(stack).ask_for(77_000)
        await expect(here.approval(id)).to_be_visible()
        await tab_to(here.button("approve", id))
        outline = await here.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "one cannot see where the keyboard is"
        await here.page.keyboard.press("Enter")
        await here.until_decided(id)
        await expect(here.page.get_by_role("status").filter(has_text="approuvée")).to_have_count(1)


async def test_a_member_follows_and_decides_nothing(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url, user="moussa-fall", roles="member")
        id = await member(stack).ask_for(33_000)
        await expect(here.approval(id)).to_be_visible()
        await expect(here.button("approve", id)).to_have_count(0)


async def test_nothing_of_another_society_is_shown(stack: Stack, window: Opener) -> None:
    async with window() as one:
        abidjan = "mutuelle-abidjan"
        here = await open_dashboard(one.page, stack.url, user="yao-kouassi", organization=abidjan)
        other = await member(stack).ask_for(91_000)
        own = await Colleague(stack, "serge-bamba", "member", abidjan).ask_for(92_000)
        await expect(here.approval(own)).to_be_visible()
        await expect(here.approval(other)).to_have_count(0)


async def tab_to(wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(80):
        await wanted.page.keyboard.press("Tab")
        if await wanted.evaluate("(it) => it === document.activeElement"):
            return
    raise AssertionError(f"the keyboard never comes to {wanted}")
