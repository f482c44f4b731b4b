"""Swagger UI as a person uses it: by what is written on it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from playwright.async_api import Locator, Page, expect

_DIGITS = re.compile(r"^\d{3}")


class Operation:
    """One operation of the page, by the id that OpenAPI gives it, unfolded."""

    def __init__(self, block: Locator) -> None:
        self.block = block

    @classmethod
    async def unfold(cls, page: Page, id: str) -> Operation:
        """Open it; it is ready to be tried."""
        block = page.locator(f".opblock[id$='-{id}']")
        await block.locator(".opblock-summary-control").click()
        operation = cls(block)
        await expect(operation.block.get_by_role("button", name="Execute")).to_be_visible()
        return operation

    async def fill(self, parameter: str, value: str) -> None:
        """A parameter in the path, the query or a header."""
        row = self.block.locator(f"tr[data-param-name='{parameter}']")
        await row.locator("input").fill(value)

    async def write(self, body: Mapping[str, Any]) -> None:
        """The request's body, in place of the example."""
        await self.block.locator("textarea.body-param__text").fill(json.dumps(body))

    async def execute(self) -> tuple[int, Any]:
        """Press the button; the status and the body that the page then shows."""
        await self.block.get_by_role("button", name="Execute").click()
        live = self.block.locator(".live-responses-table")
        status = live.locator(".response-col_status").nth(1)
        await expect(status).to_have_text(_DIGITS)
        text = await live.locator(".response-col_description pre").first.inner_text()
        return int((await status.inner_text())[:3]), json.loads(text)


async def authorize(page: Page, **values: str) -> None:
    """Say who one is: values by the schemes' names; `token` is a bearer's."""
    await page.locator(".auth-wrapper .authorize").first.click()
    dialog = page.locator(".dialog-ux")
    for name, value in values.items():
        part = dialog.locator(".auth-container", has=page.locator(f"h4 code:text-is('{name}')"))
        await part.locator("input[type=text]").fill(value)
        await part.locator("button.authorize").click()
        await expect(part.get_by_text("Logout")).to_be_visible()
    await dialog.locator(".close-modal").click()


async def log_in(page: Page, name: str) -> None:
    """Go to the issuer by the code flow with PKCE, be this person there, and come back."""
    await page.locator(".auth-wrapper .authorize").first.click()
    flow = page.locator(".dialog-ux .auth-container", has_text="authorization_code")
    for scope in ("openid", "profile"):
        await flow.locator(f"label[for^={scope}-]").click()
    async with page.context.expect_page() as opening:
        await flow.locator("button.authorize").click()
    await (await opening.value).get_by_role("link", name=name).click()
    await expect(flow.get_by_text("Logout")).to_be_visible()
    await page.locator(".dialog-ux .close-modal").click()
