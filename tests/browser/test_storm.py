"""A storm of events: the services are asked seldom, and the page is right at its end.

How smooth it stays, and for how long, is measured by `python -m tests.bench.browser`.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import expect

from tests.browser.dashboard import open_dashboard
from tests.browser.people import member
from tests.browser.stack import Stack
from tests.browser.storms import storm
from tests.browser.window import PHONE, Opener

pytestmark = pytest.mark.asyncio(loop_scope="session")
SECONDS = 3


async def test_in_a_storm_each_part_is_asked_for_twice_a_second_at_most(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        asked: list[str] = []
        here.page.on("request", lambda request: asked.append(request.url))
        began = time.monotonic()
        count = await asyncio.to_thread(storm, stack.topics, SECONDS)
        id = await member(stack).ask_for(81_000)
        await expect(here.approval(id)).to_be_visible()
        took = time.monotonic() - began
        assert count >= 1_000 * SECONDS
        most = max(asked.count(url) for url in set(asked))
        assert most <= 2 * took + 3, f"{most} times in {took:.1f} s"
        await here.button("approve", id).click()
        await here.until_decided(id)
