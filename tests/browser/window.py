"""A person's window: one page in a profile of its own, and everything in it that was not right.

What a page complains of is gathered while a test looks at something else, so that every test is
also one of errors in the console, of the content security policy and of requests to strangers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.browser.chromium import PATIENCE_MS
from tests.browser.scripting import script


class Size(NamedTuple):
    """Of a window, in CSS pixels."""

    width: int
    height: int


PHONE = Size(360, 740)
WALL = Size(1440, 900)
# What Chromium itself writes where a server is not there or refuses: no word of the page's.
_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to")
_LOCAL = ("data:", "blob:")


@dataclass  # without slots: Playwright leaves a mark on whose methods it calls
class Window:
    """A page, and what was wrong in it.

    home: whose pages are tested; where people log in may complain as it likes.
    complaints: errors and warnings of scripts and of the policy, requests to strangers.
    of_the_network: what could not be fetched, which is right where a test takes servers away.
    """

    context: BrowserContext
    page: Page
    home: str
    hosts: set[str]
    complaints: list[str] = field(default_factory=list)
    of_the_network: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Gather from now on."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        elsewhere = urlsplit(self.page.url).netloc not in {self.home, ""}
        if message.type not in {"error", "warning"} or elsewhere:
            return
        said = f"{message.type}: {message.text}"
        ours = not message.text.startswith(_OF_THE_NETWORK)
        (self.complaints if ours else self.of_the_network).append(said)

    def _on_request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if not request.url.startswith(_LOCAL) and where.netloc not in self.hosts:
            self.complaints.append(f"a request to {where.netloc}")


@asynccontextmanager
async def open_window(
    browser: Browser,
    *urls: str,
    viewport: Size = WALL,
    language: str = "fr-FR",
    scheme: str = "light",
    **options: Any,
) -> AsyncIterator[Window]:
    """Open an empty page.

    urls: all that it may talk to, where the page is first. options: Playwright's of a context.

    At the end it has complained of nothing; an AssertionError says of what.
    """
    context = await browser.new_context(
        viewport={"width": viewport.width, "height": viewport.height},
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Africa/Dakar",
        **options,
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(script("watch-policy"))
        page = await context.new_page()
        hosts = [urlsplit(url).netloc for url in urls]
        window = Window(context, page, hosts[0], set(hosts))
        window.watch()
        yield window
        assert window.complaints == []
    finally:
        await context.close()


Opener = Callable[..., Any]
"""`open_window` of the running browser."""
