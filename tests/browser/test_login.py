"""Logging in at an OpenID Connect issuer by the code flow with PKCE, and a session's end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.dashboard import Dashboard
from tests.browser.issuer import PEOPLE, Issuer
from tests.browser.people import Colleague
from tests.browser.scripting import script
from tests.browser.stack import Stack
from tests.browser.window import PHONE, Opener
from tests.relay.live import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
SHORT_SECONDS = 8


@pytest.fixture
def lives(issuer: Issuer) -> Iterator[Issuer]:
    """The issuer, whose manners this test may change."""
    yield issuer
    issuer.lifetime_seconds = 300
    issuer.refuses_refreshes = False


def aminata(guarded: Stack, issuer: Issuer) -> Colleague:
    return Colleague(guarded, "", "", token=issuer.access_token(PEOPLE[1], 300))


async def log_in(page: Page, name: str = "Awa Ndiaye") -> Dashboard:
    await page.get_by_role("button", name="Se connecter").click()
    await page.get_by_role("link", name=name).click()
    here = Dashboard(page)
    await here.until_live()
    return here


async def test_one_logs_in_and_decides_as_oneself(
    guarded: Stack, guarded_window: Opener, issuer: Issuer
) -> None:
    async with guarded_window(viewport=PHONE) as one:
        await one.page.goto(guarded.url)
        await expect(one.page.get_by_role("button", name="Se connecter")).to_be_visible()
        assert await violations(one.page) == []
        here = await log_in(one.page)
        assert "code" not in one.page.url
        id = await aminata(guarded, issuer).ask_for(125_000)
        await here.button("approve", id).click()
        await here.until_decided(id)
        decided = await aminata(guarded, issuer).get(f"/finance/approvals/{id}")
        assert decided["approvedBy"] == "awa-ndiaye"


async def test_a_token_that_ends_is_renewed_and_nobody_notices(
    guarded: Stack, guarded_window: Opener, lives: Issuer
) -> None:
    lives.lifetime_seconds = SHORT_SECONDS
    async with guarded_window() as one:
        await one.page.goto(guarded.url)
        here = await log_in(one.page)
        before = lives.refreshes
        told: list[str] = []
        await one.page.expose_function("heard", partial(list.append, told))
        await one.page.evaluate(script("hear-connection"))
        await eventually(lambda: lives.refreshes > before + 1)
        id = await aminata(guarded, lives).ask_for(61_000)
        await expect(here.approval(id)).to_be_visible()
        assert [words for words in told if "En direct" not in words] == []


async def test_a_session_that_cannot_be_renewed_says_so_and_keeps_what_was_there(
    guarded: Stack, guarded_window: Opener, lives: Issuer
) -> None:
    async with guarded_window(viewport=PHONE) as one:
        lives.lifetime_seconds = SHORT_SECONDS
        await one.page.goto(guarded.url)
        here = await log_in(one.page)
        id = await aminata(guarded, lives).ask_for(62_000)
        await expect(here.approval(id)).to_be_visible()
        lives.refuses_refreshes = True
        await expect(one.page.get_by_text("Votre session est terminée")).to_be_visible()
        await expect(here.approval(id)).to_be_visible()
        assert await violations(one.page) == []
        lives.refuses_refreshes = False
        lives.lifetime_seconds = 300
        again = await log_in(one.page)
        await expect(again.approval(id)).to_be_visible()
