"""One Chromium and one set of services for all pages of this room."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import running_chromium
from tests.browser.issuer import Issuer, running_issuer
from tests.browser.pages import built_pages
from tests.browser.stack import Stack, running_stack
from tests.browser.window import Opener, open_window
from tests.support.kafka import Kafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for all tests of this room; each opens windows of its own."""
    async with running_chromium() as one:
        yield one


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboard, built."""
    return built_pages(tmp_path_factory.mktemp("dashboard"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(
    kafka: Kafka, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """Services without tokens; whoever ends one of them starts it again."""
    folder = tmp_path_factory.mktemp("stack")
    prefix = f"browser{uuid.uuid4().hex[:8]}."
    async with running_stack(folder, kafka.bootstrap_servers, prefix, pages=pages) as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def issuer() -> AsyncIterator[Issuer]:
    """Where people log in to the guarded services."""
    async with running_issuer() as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def guarded(
    kafka: Kafka, pages: Path, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """Services that take nobody without the issuer's token."""
    folder = tmp_path_factory.mktemp("guarded")
    prefix = f"guarded{uuid.uuid4().hex[:8]}."
    async with running_stack(
        folder,
        kafka.bootstrap_servers,
        prefix,
        pages=pages,
        both=issuer.settings,
        backend=issuer.page_settings,
    ) as one:
        yield one


@pytest.fixture
def guarded_window(browser: Browser, guarded: Stack, issuer: Issuer) -> Opener:
    """Opens a window that may talk to the guarded services and their issuer alone."""
    return partial(open_window, browser, *guarded.urls, issuer.url)


@pytest.fixture
def window(browser: Browser, stack: Stack) -> Opener:
    """Opens a window that may talk to the services alone: `async with window() as one:`."""
    return partial(open_window, browser, *stack.urls)
