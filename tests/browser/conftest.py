"""One Chromium and one set of services for all pages of this room."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import running_chromium
from tests.browser.stack import Stack, running_stack
from tests.browser.window import Opener, open_window
from tests.support.kafka import Kafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for all tests of this room; each opens windows of its own."""
    async with running_chromium() as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Services without tokens; whoever ends one of them starts it again."""
    folder = tmp_path_factory.mktemp("stack")
    prefix = f"browser{uuid.uuid4().hex[:8]}."
    async with running_stack(folder, kafka.bootstrap_servers, prefix) as one:
        yield one


@pytest.fixture
def window(browser: Browser, stack: Stack) -> Opener:
    """Opens a window that may talk to the services alone: `async with window() as one:`."""
    return partial(open_window, browser, *stack.urls)
