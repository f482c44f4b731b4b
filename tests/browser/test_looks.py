"""What eyes and hands find: sizes, languages, themes, and the rules of accessibility."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.dashboard import open_dashboard
from tests.browser.geometry import running_out, small_targets
from tests.browser.people import administrator, member, president
from tests.browser.stack import Stack
from tests.browser.window import PHONE, WALL, Opener, Size

pytestmark = pytest.mark.asyncio(loop_scope="session")
NARROWEST = Size(320, 640)


async def faults(page: Page) -> list[str]:
    """Everything that is wrong with how the page is now."""
    return [*await running_out(page), *await small_targets(page), *await violations(page)]


@pytest.mark.parametrize("viewport", [PHONE, WALL], ids=["phone", "wall"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_its_screen_and_shuts_nobody_out(
    stack: Stack, window: Opener, viewport: Size, scheme: str
) -> None:
    async with window(viewport=viewport, scheme=scheme) as one:
        for language in ("fr", "en"):
            here = await open_dashboard(one.page, stack.url, language=language)
            await expect(here.page.locator("html")).to_have_attribute("lang", language)
            assert await faults(here.page) == [], language


async def test_amounts_and_dates_are_written_as_each_language_writes_them(
    stack: Stack, window: Opener
) -> None:
    id = await member(stack).ask_for(1_250_000)
    async with window() as one:
        for language, written in (("fr", "1\u202f250\u202f000"), ("en", "1,250,000")):
            here = await open_dashboard(one.page, stack.url, language=language)
            await expect(here.approval(id)).to_contain_text(written)
            await expect(here.approval(id)).to_contain_text("CFA")


async def test_the_door_asks_who_one_is_and_lets_one_in(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE) as one:
        await one.page.goto(stack.url)
        await expect(one.page.get_by_text("Qui êtes-vous ?")).to_be_visible()
        await expect(one.page.get_by_role("button", name="Awa Ndiaye")).to_be_visible()
        assert await faults(one.page) == []
        await one.page.get_by_role("button", name="Awa Ndiaye").click()
        await expect(one.page.get_by_test_id("statistics")).to_be_visible()


async def test_every_state_of_a_decision_shuts_nobody_out(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE, scheme="dark") as one:
        here = await open_dashboard(one.page, stack.url)
        first, second = [await member(stack).ask_for(amount) for amount in (71_000, 72_000)]
        await expect(here.approval(second)).to_be_visible()
        await here.button("reject", first).click()
        assert await faults(here.page) == [], "with its reason asked for"
        await here.page.get_by_role("button", name="Annuler").click()
        await here.button("approve", first).click()
        await here.until_decided(first)
        assert await faults(here.page) == [], "decided"
        async with stack.without_backend():
            await here.button("approve", second).click()
            await expect(here.approval(second)).to_contain_text("le service ne répond pas")
            assert await faults(here.page) == [], "undone"


async def test_without_services_and_without_a_network_it_shuts_nobody_out(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        await one.context.set_offline(True)
        await here.until_not_live()
        assert await faults(here.page) == []


async def test_a_society_of_which_nothing_is_known_yet_has_a_page_too(
    stack: Stack, window: Opener
) -> None:
    await administrator(stack, "mutuelle-neuve").post(
        "/organizations", {"id": "mutuelle-neuve", "name": "Mutuelle neuve", "currency": "EUR"}
    )
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url, organization="mutuelle-neuve")
        await expect(here.part("approvals")).to_contain_text("attend votre décision.")
        assert await faults(here.page) == []


async def test_it_can_be_read_at_320_px_and_with_great_names(stack: Stack, window: Opener) -> None:
    reason = "Anticonstitutionnellement" * 3 + " et encore beaucoup de mots, " * 4
    id = await member(stack).ask_for(999_999_999, reason)
    await president(stack).tell("fatou-sarr", "W" * 120)
    async with window(viewport=NARROWEST) as one:
        here = await open_dashboard(one.page, stack.url, user="fatou-sarr")
        await expect(here.part("notifications")).to_contain_text("W" * 120)
        await expect(here.approval(id)).to_be_visible()
        assert await running_out(here.page) == []


async def test_nothing_moves_for_who_asked_for_less_motion(stack: Stack, window: Opener) -> None:
    async with window(reduced_motion="reduce") as one:
        here = await open_dashboard(one.page, stack.url)
        id = await member(stack).ask_for(73_000)
        await expect(here.approval(id)).to_be_visible()
        await here.button("approve", id).click()
        await here.until_decided(id)
        moving = await here.page.evaluate(
            "document.getAnimations().filter((it) => it.playState === 'running').length"
        )
        assert moving == 0
