"""What a person chooses on the page: the language, the appearance, which of their societies."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.dashboard import open_dashboard
from tests.browser.geometry import running_out, small_targets
from tests.browser.people import Colleague, member
from tests.browser.stack import DAKAR, Stack
from tests.browser.window import PHONE, Opener

pytestmark = pytest.mark.asyncio(loop_scope="session")
ABIDJAN = "mutuelle-abidjan"
_INK = "getComputedStyle(document.body).color"


async def test_language_and_appearance_are_chosen_on_the_page_and_kept(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        light = await here.page.evaluate(_INK)
        await here.page.get_by_label("Réglages").click()
        assert await violations(here.page) == []
        assert [*await running_out(here.page), *await small_targets(here.page)] == []
        await here.page.get_by_role("radio", name="Sombre").check()
        await here.page.get_by_role("radio", name="English").check()
        await expect(here.page.locator("html")).to_have_attribute("lang", "en")
        assert await here.page.evaluate(_INK) != light
        await here.page.goto(f"{stack.url}?user=awa-ndiaye&organization={DAKAR}&roles=treasurer")
        await expect(here.page.get_by_role("heading", name="To decide")).to_be_visible()
        assert await here.page.evaluate(_INK) != light


async def test_who_belongs_to_two_societies_sees_the_one_that_is_chosen(
    stack: Stack, window: Opener
) -> None:
    async with window() as one:
        here = await open_dashboard(one.page, stack.url, organization=f"{DAKAR},{ABIDJAN}")
        dakar = await member(stack).ask_for(84_000)
        abidjan = await Colleague(stack, "serge-bamba", "member", ABIDJAN).ask_for(85_000)
        choice = here.page.get_by_role("combobox", name="Société")
        for society, shown, hidden in ((DAKAR, dakar, abidjan), (ABIDJAN, abidjan, dakar)):
            await choice.select_option(society)
            await expect(here.approval(shown)).to_be_visible()
            await expect(here.approval(hidden)).to_have_count(0)
