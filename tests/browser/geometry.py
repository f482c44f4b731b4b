"""What a thumb and an eye find on a page: sizes of what is pressed, and what runs out of it."""

from __future__ import annotations

from playwright.async_api import Page

from tests.browser.scripting import script

TARGET_PX = 44


async def small_targets(page: Page, least: int = TARGET_PX) -> list[str]:
    """Everything to press that is narrower or lower than so many CSS pixels."""
    return list(await page.evaluate(script("small-targets"), least))


async def running_out(page: Page) -> list[str]:
    """How wide the page is and what is to blame, where one has to scroll sideways."""
    return list(await page.evaluate(script("running-out")))
