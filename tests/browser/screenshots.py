"""Takes the pictures of the documentation: `make screenshots`.

The same books, the same day and the same minute each time: a picture differs where the page does.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.chromium import running_chromium
from tests.browser.dashboard import Dashboard, open_dashboard
from tests.browser.pages import built_pages
from tests.browser.people import TREASURER, Colleague, member, president
from tests.browser.stack import DAKAR, Stack, running_stack
from tests.browser.window import PHONE, WALL, Size, open_window
from tests.house.files import ROOT
from unionflow_cli.kafka import Broker

PICTURES = ROOT / "docs" / "pictures"
BUDGET_BYTES = 1_500_000
DAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: how the page is opened, and what is done before it is taken."""

    name: str
    act: Callable[[Dashboard], Awaitable[None]]
    viewport: Size = PHONE
    language: str = "fr"
    scheme: str = "light"


async def _as_it_is(_here: Dashboard) -> None:
    """Nothing is done."""


async def _approved(here: Dashboard) -> None:
    await _first_button(here, "approve")
    await expect(here.page.locator("[data-stage=approved]").first).to_be_visible()


async def _why(here: Dashboard) -> None:
    await _first_button(here, "reject")


async def _offline(here: Dashboard) -> None:
    await here.page.context.set_offline(True)
    await here.until_not_live()
    await here.page.clock.fast_forward(40_000)


async def _first_button(here: Dashboard, verb: str) -> None:
    card = here.part("approvals").get_by_role("listitem").first
    await here.within(card, verb).click()


SCENES = (
    Scene("phone", _as_it_is),
    Scene("phone-reason", _why),
    Scene("phone-offline", _offline, scheme="dark"),
    Scene("wall", _as_it_is, WALL),
    Scene("wall-dark-english", _as_it_is, WALL, "en", "dark"),
    Scene("phone-approved", _approved),
)


async def take() -> None:
    """All of them, one after the other, since what one does the next one sees."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unionflow-pictures-") as name:
        folder = Path(name)
        pages = built_pages(folder)
        with Broker.start(folder / "kafka") as broker:
            async with (
                running_stack(
                    folder,
                    broker.bootstrap_servers,
                    "pictures.",
                    pages=pages,
                    backend=_in_the_past(),
                    clock=lambda: int(DAY.timestamp() * 1000),
                ) as stack,
                running_chromium() as browser,
            ):
                await _prepare(stack)
                for scene in SCENES:
                    async with _on_stage(browser, stack, scene) as here:
                        await scene.act(here)
                        await here.page.screenshot(
                            path=PICTURES / f"{scene.name}.png", animations="disabled"
                        )


@asynccontextmanager
async def _on_stage(browser: Browser, stack: Stack, scene: Scene) -> AsyncIterator[Dashboard]:
    factor = 2 if scene.viewport is PHONE else 1
    async with open_window(
        browser,
        *stack.urls,
        viewport=scene.viewport,
        language=scene.language,
        scheme=scene.scheme,
        device_scale_factor=factor,
    ) as one:
        await one.page.clock.install(time=DAY)
        yield await open_dashboard(one.page, stack.url, language=scene.language)


async def _prepare(stack: Stack) -> None:
    """What has happened this morning."""
    await member(stack).ask_for(125_000, "Une machine à coudre")
    await Colleague(stack, "moussa-fall", "member").ask_for(40_000, "Frais de scolarité")
    await president(stack).tell(
        TREASURER, "Réunion du bureau samedi", "À neuf heures, à la halle du marché."
    )
    await president(stack).get(f"/dashboard?organizationId={DAKAR}")


def _in_the_past() -> dict[str, str]:
    """The backend's clock: at DAY when it starts, and going on."""
    if not _FAKETIME.exists():
        sys.exit("the pictures need libfaketime: apt-get install faketime")
    return {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME": f"@{DAY:%Y-%m-%d %H:%M:%S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


def main() -> int:
    """Take them; 1 where they are larger than documentation should be."""
    asyncio.run(take())
    sizes = {path.name: path.stat().st_size for path in sorted(PICTURES.glob("*.png"))}
    for name, size in sizes.items():
        print(f"{name:<28}{size / 1000:>8.0f} KB")
    total = sum(sizes.values())
    print(f"{'all':<28}{total / 1000:>8.0f} KB of {BUDGET_BYTES / 1000:.0f}")
    return int(total > BUDGET_BYTES)


if __name__ == "__main__":
    sys.exit(main())
