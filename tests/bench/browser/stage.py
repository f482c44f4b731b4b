"""What the page's measures share: a Kafka, the services, a Chromium, and an open dashboard."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.bench.floors import Bound
from tests.bench.rounds import say
from tests.browser.chromium import running_chromium
from tests.browser.dashboard import Dashboard, open_dashboard
from tests.browser.pages import built_pages
from tests.browser.stack import Stack, running_stack
from tests.browser.window import WALL, Size, Window, open_window
from unionflow_cli.kafka import Broker

_SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table."""

    label: str
    value: float
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is measured."""

    browser: Browser
    stack: Stack

    @asynccontextmanager
    async def window(self, viewport: Size = WALL, **more: Any) -> AsyncIterator[Window]:
        """An empty page."""
        async with open_window(self.browser, *self.stack.urls, viewport=viewport, **more) as one:
            yield one

    @asynccontextmanager
    async def dashboard(self, viewport: Size = WALL) -> AsyncIterator[Dashboard]:
        """A treasurer's, live."""
        async with self.window(viewport) as one:
            yield await open_dashboard(one.page, self.stack.url)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """Start everything; it is stopped at the end."""
    say("building the dashboard, and starting Kafka, services and Chromium")
    with tempfile.TemporaryDirectory(prefix="unionflow-pages-") as name:
        folder = Path(name)
        pages = built_pages(folder)
        with Broker.start(folder / "kafka", progress=say) as broker:
            prefix = f"bench{time.monotonic_ns()}."
            async with (
                running_stack(folder, broker.bootstrap_servers, prefix, pages=pages) as stack,
                running_chromium() as browser,
            ):
                yield Place(browser, stack)


@cache
def bench_script(name: str) -> str:
    """The text of `scripts/<name>.js`."""
    return (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
