"""Somebody with a password at a real Keycloak logs in, decides, goes on past a token, logs out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.dashboard import Dashboard
from tests.browser.people import Colleague
from tests.browser.stack import Stack, running_stack
from tests.browser.window import PHONE, open_window
from tests.support.kafka import Kafka
from tests.support.keycloak import Keycloak, running_keycloak

pytestmark = [
    pytest.mark.keycloak,
    pytest.mark.timeout(500),  # Keycloak may take two minutes to start
    pytest.mark.asyncio(loop_scope="session"),
]
REALM_FILE = Path(__file__).parent / "realm.json"
CLIENT = "unionflow-dashboard"
AWA = {"username": "awa-ndiaye", "password": "made-up"}


@pytest.fixture(scope="module")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    with running_keycloak(tmp_path_factory.mktemp("keycloak"), REALM_FILE) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(
    kafka: Kafka, pages: Path, keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """Services that take this Keycloak's tokens, and pages that send people there."""
    async with running_stack(
        tmp_path_factory.mktemp("stack"),
        kafka.bootstrap_servers,
        "browser-keycloak.",
        pages=pages,
        both={
            "UNIONFLOW_AUTH": "jwt",
            "UNIONFLOW_JWT_JWKS_URL": keycloak.jwks_url,
            "UNIONFLOW_JWT_ISSUER": keycloak.issuer,
            "UNIONFLOW_JWT_AUDIENCE": "unionflow",
        },
        backend={
            "UNIONFLOW_JWT_ROLES_CLAIM": "realm_access.roles",
            "UNIONFLOW_OIDC_ISSUER": keycloak.issuer,
            "UNIONFLOW_OIDC_CLIENT_ID": CLIENT,
        },
    ) as one:
        yield one


async def test_a_treasurer_logs_in_with_a_password_and_decides(
    browser: Browser, stack: Stack, keycloak: Keycloak
) -> None:
    asking = Colleague(stack, "", "", token=keycloak.token(CLIENT, **AWA))
    async with open_window(browser, *stack.urls, keycloak.url, viewport=PHONE) as one:
        await one.page.goto(stack.url)
        await one.page.get_by_role("button", name="Se connecter").click()
        await one.page.locator("#username").fill(AWA["username"])
        await one.page.locator("#password").fill(AWA["password"])
        await one.page.locator("#kc-login").click()
        here = Dashboard(one.page)
        await here.until_live()
        assert "code=" not in one.page.url
        # Their own request: somebody else has to decide, and the page says so.
        own = await asking.ask_for(64_000)
        await expect(here.approval(own)).to_contain_text("Votre propre demande")
        waiting = here.part("approvals").locator("li[data-stage=waiting]").first
        await here.within(waiting, "approve").click()
        await expect(here.page.locator("[data-stage=approved]")).to_have_count(1)
        # The token is renewed ahead of its minute, and nobody has to do anything.
        async with one.page.expect_response(
            lambda it: it.url.endswith("/token") and it.request.method == "POST",
            timeout=120_000,
        ) as renewing:
            pass
        assert (await renewing.value).status == 200
        await here.until_live()
