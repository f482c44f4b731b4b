"""Debian's Chromium without a window. Playwright steers it and brings no browser of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.support.tiers import tier_is_missing

PATIENCE_MS = 30_000
"""For whatever is waited for; a busy machine needs it, a quiet one hardly a thousandth."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # root has none, and neither have most containers
    "--disable-dev-shm-usage",  # 64 MB in containers: less than a page of pictures
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",
)


def chromium() -> Path:
    """Where it is. Skips the test, or fails it in CI, where it is not."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        tier_is_missing("tests of pages need Chromium: apt-get install chromium fonts-dejavu-core")
    return Path(found)


@asynccontextmanager
async def running_chromium(flags: Sequence[str] = ()) -> AsyncIterator[Browser]:
    """One browser; what is opened in it is closed at the end."""
    program = chromium()
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*_FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()
