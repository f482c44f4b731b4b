"""The dashboard as a person uses it: by what is written on it, else by its marks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.async_api import Locator, Page, expect

from tests.browser.stack import DAKAR

RECONNECT_MS = 75_000
"""A client that was refused five times waits up to half a minute."""
WORDS = {
    "fr": {"approve": "Approuver", "reject": "Rejeter", "live": "En direct"},
    "en": {"approve": "Approve", "reject": "Reject", "live": "Live"},
}


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One page of one person."""

    page: Page
    language: str = "fr"

    def part(self, mark: str) -> Locator:
        """A part by its mark: `statistics`, `approvals`, `connection` …"""
        return self.page.get_by_test_id(mark)

    def approval(self, id: str) -> Locator:
        """One approval's card."""
        return self.part(f"approval-{id}")

    def button(self, verb: str, id: str) -> Locator:
        """Of one approval. verb: `approve` or `reject`."""
        return self.within(self.approval(id), verb)

    def within(self, card: Locator, verb: str) -> Locator:
        """The same of a card that was found otherwise."""
        return card.get_by_role("button", name=WORDS[self.language][verb])

    async def until_decided(self, id: str, stage: str = "approved") -> None:
        """The services have taken the decision, and the card says so."""
        await expect(self.approval(id)).to_have_attribute("data-stage", stage)

    async def until_live(self) -> None:
        """Everything is loaded, and the page says that it is live."""
        await expect(self.part("statistics").locator("dd").first).to_be_visible()
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        await expect(self.part("connection")).to_contain_text(
            WORDS[self.language]["live"], timeout=RECONNECT_MS
        )

    async def until_not_live(self) -> None:
        """The page says that it is not."""
        await expect(self.part("connection")).not_to_contain_text(WORDS[self.language]["live"])


async def open_dashboard(
    page: Page,
    url: str,
    *,
    user: str = "awa-ndiaye",
    organization: str = DAKAR,
    roles: str = "treasurer",
    language: str = "fr",
    **more: str,
) -> Dashboard:
    """Open it as somebody, without tokens; it is live."""
    query = {"user": user, "organization": organization, "roles": roles, "lang": language, **more}
    await page.goto(f"{url}?{urlencode(query)}")
    dashboard = Dashboard(page, language)
    await dashboard.until_live()
    return dashboard
