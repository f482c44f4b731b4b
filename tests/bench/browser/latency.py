"""From a request to the backend until the frame in which the change is on two screens."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence

from tests.bench.browser.stage import Figure, Place, bench_script
from tests.bench.errors import WrongCount
from tests.bench.floors import Bound
from tests.browser.dashboard import Dashboard
from tests.browser.people import Colleague, member, president

APPROVALS = 60
WARM_UP = 5
# A part of the page changes twice a second at most, and what comes sooner waits for its turn: that
# is meant, so changes come far enough apart.
APART_SECONDS = (0.8, 1.4)
PATIENCE_SECONDS = 30.0
_SOON = Bound(300, is_ceiling=True)


async def latency(place: Place) -> Sequence[Figure]:
    """A change counts from before its request is sent, so the commit is later than its zero."""
    async with place.dashboard() as wall, place.dashboard() as other:
        for one in (wall, other):
            await one.page.evaluate(bench_script("note-approvals"))
        asking, deciding = member(place.stack), president(place.stack)
        began: dict[str, float] = {}
        dice = random.Random(8)
        for _ in range(WARM_UP + APPROVALS):
            await _one(asking, deciding, began, dice)
        wanted = dict(list(began.items())[2 * WARM_UP :])
        took = [await _took(one, wanted) for one in (wall, other)]
    every = sorted(took[0] + took[1])
    cuts = statistics.quantiles(every, n=100)
    return [
        Figure("request to pixels, two windows: p50, ms", cuts[49]),
        Figure("  p95, ms", cuts[94], _SOON),
        Figure("  longest, ms", every[-1]),
    ]


async def _one(
    asking: Colleague, deciding: Colleague, began: dict[str, float], dice: random.Random
) -> None:
    """One approval is asked for and granted; when each request began, by what screens will show."""
    at = time.time() * 1000
    id = await asking.ask_for()
    began[id] = at
    await asyncio.sleep(dice.uniform(*APART_SECONDS))
    began[f"{id} approved"] = time.time() * 1000
    await deciding.approve(id)
    await asyncio.sleep(dice.uniform(*APART_SECONDS))


async def _took(one: Dashboard, began: Mapping[str, float]) -> list[float]:
    """Milliseconds of each change on one screen.

    Raises:
        WrongCount: some change never came.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen: dict[str, float] = await one.page.evaluate("window.seen_")
        missing = began.keys() - seen.keys()
        if not missing:
            return [seen[name] - at for name, at in began.items()]
        if time.monotonic() > deadline:
            raise WrongCount(f"{len(missing)} of {len(began)} changes are on no screen")
        await asyncio.sleep(0.1)
