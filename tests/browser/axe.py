"""axe-core on a page as it is now: WCAG 2.2 AA, and the good habits that axe knows beside it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.browser.pages import ROOM
from tests.browser.scripting import script

_AXE = ROOM / "node_modules" / "axe-core" / "axe.min.js"


async def violations(page: Page) -> list[str]:
    """What is wrong, a line for each element. Empty where nothing is."""
    await page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate(script("axe"))
    assert found["passes"] > 5, "axe looked at next to nothing"
    return list(found["violations"])
