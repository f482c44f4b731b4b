"""`/docs`: somebody says who they are, plays scenario 1 by clicking, and publishes a test event."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.swagger import Operation, authorize, log_in
from tests.browser.window import PHONE, WALL, Opener, Size
from tests.browser.witness import witness

pytestmark = pytest.mark.asyncio(loop_scope="session")
DAKAR = "mutuelle-dakar"


async def opened(page: Page, stack: Stack) -> Page:
    await page.goto(f"{stack.url}docs")
    await expect(page.locator(".opblock").first).to_be_visible()
    return page


@pytest.mark.parametrize("viewport", [PHONE, WALL], ids=["phone", "wall"])
async def test_scenario_1_can_be_clicked_by_somebody_who_does_not_log_in(
    stack: Stack, window: Opener, viewport: Size
) -> None:
    async with window(viewport=viewport) as one, witness(stack.relay_url, DAKAR) as screen:
        page = await opened(one.page, stack)
        asking = await Operation.unfold(page, "create_approval")
        status, asked = await asking.execute()
        assert (status, asked["status"]) == (201, "PENDING")
        await screen.until("APPROVAL_PENDING", asked["id"])
        granting = await Operation.unfold(page, "approve_approval")
        await granting.fill("id", asked["id"])
        status, granted = await granting.execute()
        assert (status, granted["status"], granted["id"]) == (200, "APPROVED", asked["id"])
        await screen.until("APPROVAL_APPROVED", asked["id"])
        wide, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= inner


async def test_a_test_event_of_the_example_reaches_the_screen(stack: Stack, window: Opener) -> None:
    async with window() as one, witness(stack.relay_url, DAKAR) as screen:
        page = await opened(one.page, stack)
        status, accepted = await (await Operation.unfold(page, "publish_test_event")).execute()
        assert (status, accepted["eventType"]) == (202, "KPI_UPDATED")
        event = await screen.until("KPI_UPDATED", "collection-rate")
        assert event["data"]["value"] == 87.5


async def test_whom_one_chooses_to_be_is_who_asks(stack: Stack, window: Opener) -> None:
    async with window() as one:
        page = await opened(one.page, stack)
        await authorize(page, user="awa-ndiaye", organizations=DAKAR, roles="treasurer")
        status, asked = await (await Operation.unfold(page, "create_approval")).execute()
        assert (status, asked["requestedBy"]) == (201, "awa-ndiaye")
        granting = await Operation.unfold(page, "approve_approval")
        await granting.fill("id", asked["id"])
        status, problem = await granting.execute()
        assert (status, problem["title"]) == (403, "Forbidden")  # nobody grants their own request
        publishing = await Operation.unfold(page, "publish_test_event")
        assert (await publishing.execute())[0] == 403


async def test_one_logs_in_where_an_issuer_is_set_and_is_who_the_token_says(
    guarded: Stack, guarded_window: Opener
) -> None:
    async with guarded_window() as one:
        page = await opened(one.page, guarded)
        listing = await Operation.unfold(page, "list_approvals")
        assert (await listing.execute())[0] == 401
        await log_in(page, "Awa Ndiaye")
        asking = await Operation.unfold(page, "create_approval")
        status, asked = await asking.execute()
        assert (status, asked["requestedBy"]) == (201, "awa-ndiaye")
