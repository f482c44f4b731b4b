"""A slow phone that opens the page for the first time: when it sees something."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from tests.bench.browser.stage import Figure, Place
from tests.bench.floors import Bound
from tests.browser.window import PHONE

TIMES = 7
# As Lighthouse has it on slow 4G: a quarter of this processor, 1.6 Mbit/s, 150 ms there and back.
CPU_SLOWDOWN = 4
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
_FIRST = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_WEIGHT = "performance.getEntriesByType('resource').reduce((all, one) => all + one.transferSize, 0)"
_A_SECOND = Bound(1_000, is_ceiling=True)


async def paint(place: Place) -> Sequence[Figure]:
    """First paint and data on screen, with nothing kept from before."""
    rounds = [await _first_visit(place) for _ in range(TIMES)]
    firsts, data, weights = (sorted(one[i] for one in rounds) for i in range(3))
    return [
        Figure("slow phone: first paint, median, ms", statistics.median(firsts), _A_SECOND),
        Figure("  slowest of seven, ms", firsts[-1]),
        Figure("  figures on screen, median, ms", statistics.median(data)),
        Figure("  fetched until then, KB", statistics.median(weights) / 1e3),
    ]


async def _first_visit(place: Place) -> tuple[float, float, float]:
    options: dict[str, Any] = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
    async with place.window(PHONE, **options) as one:
        debugger = await one.context.new_cdp_session(one.page)
        await debugger.send("Network.enable")
        await debugger.send("Network.emulateNetworkConditions", NETWORK)
        await debugger.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        query = "?user=awa-ndiaye&organization=mutuelle-dakar&roles=treasurer&lang=fr"
        await one.page.goto(place.stack.url + query)
        await one.page.get_by_test_id("statistics").locator("dd").first.wait_for()
        data = await one.page.evaluate("performance.now()")
        weight = await one.page.evaluate(_WEIGHT)
        return await one.page.evaluate(_FIRST), data, weight
