"""A storm of 1,000 events a second: does the page stay smooth, and its memory flat?"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession

from tests.bench.browser.stage import Figure, Place, bench_script
from tests.bench.floors import Bound
from tests.bench.rounds import say
from tests.browser.dashboard import Dashboard
from tests.browser.people import member
from tests.browser.storms import PER_SECOND, storm
from tests.browser.window import PHONE

IDLE_SECONDS = 5
SAMPLE_SECONDS = 15
_SMOOTH = Bound(55)
_FLAT = Bound(1.1, is_ceiling=True)


@dataclass(slots=True)
class Course:
    """What was seen along the way."""

    seconds: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    nodes: list[int] = field(default_factory=list)


async def smooth(place: Place, seconds: float) -> Sequence[Figure]:
    """Frames a second of a phone's page at rest and in the storm, and its memory over the time."""
    async with place.dashboard(PHONE) as one:
        debugger = await one.page.context.new_cdp_session(one.page)
        await debugger.send("Performance.enable")
        await one.page.evaluate(bench_script("count-frames"))
        await asyncio.sleep(IDLE_SECONDS)
        idle = (await one.page.evaluate(bench_script("take-frames")))["seconds"]
        course = await _storm(place, one, debugger, seconds)
        id = await member(place.stack).ask_for()
        await one.approval(id).wait_for()
    third = max(1, len(course.megabytes) // 3)
    growth = statistics.median(course.megabytes[-third:]) / statistics.median(
        course.megabytes[:third]
    )
    return [
        Figure("frames/s at rest", statistics.median(idle)),
        Figure(f"  in {seconds:.0f} s of {PER_SECOND:,} events/s: mean", _mean(course), _SMOOTH),
        Figure("  a second in twenty has fewer than", _low(course)),
        Figure("  longest pause, ms", max(course.pauses)),
        Figure("heap after collection, MB: at first", course.megabytes[0]),
        Figure("  at the end", course.megabytes[-1]),
        Figure("  last third to first third", growth, _FLAT),
        Figure("elements in the page: most", float(max(course.nodes))),
    ]


async def _storm(place: Place, one: Dashboard, debugger: CDPSession, seconds: float) -> Course:
    course = Course()
    blowing = asyncio.create_task(asyncio.to_thread(storm, place.stack.topics, seconds))
    while not blowing.done():
        await asyncio.wait({blowing}, timeout=min(SAMPLE_SECONDS, seconds / 6))
        frames: dict[str, Any] = await one.page.evaluate(bench_script("take-frames"))
        course.seconds += frames["seconds"]
        course.pauses.append(frames["longest"])
        await _weigh(debugger, course)
        await one.page.evaluate(
            bench_script("take-frames")
        )  # collecting stops the page for a while
        say(f"{course.seconds[-1]:.0f} frames/s, {course.megabytes[-1]:.1f} MB")
    await blowing
    return course


async def _weigh(debugger: CDPSession, course: Course) -> None:
    await debugger.send("HeapProfiler.collectGarbage")
    told = await debugger.send("Performance.getMetrics")
    metrics = {it["name"]: it["value"] for it in told["metrics"]}
    course.megabytes.append(metrics["JSHeapUsedSize"] / 1e6)
    course.nodes.append(int(metrics["Nodes"]))


def _mean(course: Course) -> float:
    return statistics.mean(course.seconds)


def _low(course: Course) -> float:
    return sorted(course.seconds)[len(course.seconds) // 20]
