"""The page as an app on a phone: its manifest, its shell without a network, its weight."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.dashboard import open_dashboard
from tests.browser.scripting import script
from tests.browser.stack import Stack
from tests.browser.window import PHONE, Opener

in_a_window = pytest.mark.asyncio(loop_scope="session")
BUDGET_BYTES = 120 * 1024
# Playwright's windows are private ones, from which nothing can be installed for good.
_OF_PRIVATE_WINDOWS = {"in-incognito"}


@in_a_window
async def test_it_can_be_installed(stack: Stack, window: Opener) -> None:
    async with window(viewport=PHONE) as one:
        await open_dashboard(one.page, stack.url)
        debugger = await one.context.new_cdp_session(one.page)
        found = await debugger.send("Page.getInstallabilityErrors")
        errors = {error["errorId"] for error in found["installabilityErrors"]}
        assert errors <= _OF_PRIVATE_WINDOWS
        told = await debugger.send("Page.getAppManifest")
        assert (told["errors"], told["url"]) == ([], f"{stack.url}manifest.webmanifest")


@in_a_window
async def test_without_a_network_the_shell_opens_and_no_data_were_kept(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        await open_dashboard(one.page, stack.url)
        await one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        kept = await one.page.evaluate(script("kept-paths"))
        assert kept, "no shell was kept"
        assert not [path for path in kept if "/api/" in path or "config.json" in path]
        await one.context.set_offline(True)
        await one.page.reload()
        await expect(one.page.get_by_role("heading").first).to_be_visible()
        await expect(one.page.get_by_test_id("statistics")).to_have_count(0)


@in_a_window
async def test_its_policy_lets_no_script_in_but_its_own(stack: Stack, window: Opener) -> None:
    async with window() as one:
        answer = await one.page.goto(stack.url)
        assert answer is not None
        policy = (await answer.all_headers())["content-security-policy"]
        rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";") if rule.strip()}
        assert rules["default-src"] == ["'none'"]
        assert rules["script-src"] == ["'self'"]
        assert rules["style-src"] == ["'self'"]
        assert "'unsafe-inline'" not in policy


def test_all_of_it_weighs_less_than_120_kb(pages: Path) -> None:
    files = [
        path for path in pages.rglob("*") if path.is_file() and path.suffix not in {".gz", ".map"}
    ]
    weights = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in files}
    assert sum(weights.values()) <= BUDGET_BYTES, weights
