"""What a treasurer must not be deceived by: services that are away, and data that are old."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.dashboard import open_dashboard
from tests.browser.people import member, president
from tests.browser.stack import Stack, running_stack
from tests.browser.window import PHONE, Opener, open_window
from unionflow_cli.kafka import Broker

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_killed_relay_is_told_and_what_was_missed_meanwhile_comes_by_itself(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        known = await member(stack).ask_for(51_000)
        await expect(here.approval(known)).to_be_visible()
        async with stack.without_relay():
            await here.until_not_live()
            await expect(here.approval(known)).to_be_visible()
            missed = await member(stack).ask_for(52_000)
        await here.until_live()
        await expect(here.approval(missed)).to_be_visible()


async def test_a_gap_that_kafka_no_longer_has_makes_the_page_load_all_of_it_again(
    stack: Stack, window: Opener
) -> None:
    async with window() as one:
        here = await open_dashboard(one.page, stack.url)
        known = await member(stack).ask_for(53_000)
        await expect(here.approval(known)).to_be_visible()
        async with stack.without_relay():
            await here.until_not_live()
            missed = await member(stack).ask_for(54_000)
            await stack.forget_all_events()
        await here.until_live()
        await expect(here.approval(missed)).to_be_visible()


async def test_without_a_network_it_says_so_keeps_its_data_and_comes_back_at_once(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        figures = await here.part("statistics").inner_text()
        await one.context.set_offline(True)
        await expect(here.part("connection")).to_contain_text("Hors ligne")
        missed = await member(stack).ask_for(55_000)
        assert await here.part("statistics").inner_text() == figures
        await expect(here.part("updated-at")).to_contain_text("Dernière mise à jour")
        await one.context.set_offline(False)
        await here.until_live()
        await expect(here.approval(missed)).to_be_visible()


async def test_a_decision_that_nobody_took_is_undone_on_the_page_and_can_be_made_again(
    stack: Stack, window: Opener
) -> None:
    async with window() as one:
        here = await open_dashboard(one.page, stack.url)
        id = await member(stack).ask_for(56_000)
        await expect(here.approval(id)).to_be_visible()
        async with stack.without_backend():
            await here.button("approve", id).click()
            await expect(here.approval(id)).to_contain_text("le service ne répond pas")
            await expect(here.button("approve", id)).to_be_enabled()
        await here.button("approve", id).click()
        await here.until_decided(id)
        assert (await president(stack).get(f"/finance/approvals/{id}"))["status"] == "APPROVED"


async def test_figures_that_cannot_be_refreshed_stay_and_are_said_to_be_old(
    stack: Stack, window: Opener
) -> None:
    async with window(viewport=PHONE) as one:
        here = await open_dashboard(one.page, stack.url)
        figures = await here.part("statistics").locator("dd").first.inner_text()
        async with stack.without_backend():
            stack.publish("CONTRIBUTION_PAID", {"id": "c-1", "amount": "5000", "currency": "XOF"})
            await expect(here.page.get_by_text("Mise à jour impossible").first).to_be_visible()
            assert await here.part("statistics").locator("dd").first.inner_text() == figures
        await expect(here.page.get_by_text("Mise à jour impossible")).to_have_count(0)


async def test_with_kafka_away_decisions_are_taken_and_reach_the_others_when_it_is_back(
    browser: Browser, pages: Path, own_kafka: Broker, tmp_path: Path
) -> None:
    prefix = f"away{uuid.uuid4().hex[:8]}."
    async with (
        running_stack(tmp_path, own_kafka.bootstrap_servers, prefix, pages=pages) as stack,
        open_window(browser, *stack.urls) as first,
        open_window(browser, *stack.urls) as second,
    ):
        here, there = [await open_dashboard(one.page, stack.url) for one in (first, second)]
        id = await member(stack).ask_for(57_000)
        await expect(there.button("approve", id)).to_be_visible()
        own_kafka.pause()
        await here.button("approve", id).click()
        await here.until_decided(id)
        unseen = await member(stack).ask_for(58_000)
        own_kafka.resume()
        await there.until_decided(id)
        await expect(there.approval(unseen)).to_be_visible()
        await here.until_live()
