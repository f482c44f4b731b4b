"""The business services' rows of the table, and taking them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.backend.measures import (
    CHANGES_PER_SECOND,
    CLIENTS,
    ENDPOINTS,
    MEASURES,
    REQUESTS_PER_SECOND,
    Figures,
)
from tests.bench.backend.passes import ORGANIZATIONS
from tests.bench.backend.stage import Place
from tests.bench.floors import Bound, Verdict
from tests.bench.rounds import say

_COLUMNS = "{:<48}{:>10}{:>10}  {}"
_WIDTH = 88
_QUICK = Bound(100, is_ceiling=True)
_A_SECOND = Bound(1, is_ceiling=True)
ROWS = (
    ("p50_ms", f"change to {CLIENTS} sockets, {CHANGES_PER_SECOND}/s: p50, ms", None),
    ("p99_ms", "  p99, ms", Bound(150, is_ceiling=True)),
    ("per_second", "outbox to Kafka: events/s", Bound(2_000)),
    ("first_pass_seconds", "statistics, database: first passes, s each", _A_SECOND),
    ("later_pass_seconds", f"  {ORGANIZATIONS:,} organisations changed, s", _A_SECOND),
    *((f"{name}_p99_ms", f"GET {name.replace('_', ' ')}: p99, ms", _QUICK) for name in ENDPOINTS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its median over the rounds."""

    figure: str
    label: str
    value: float
    bound: Bound | None

    @property
    def verdict(self) -> Verdict | None:
        """How it compares to its floor."""
        return None if self.bound is None else self.bound.judge(self.value)


def take(place: Place, count: int) -> list[Figures]:
    """Take all measures so many times, each on databases of its own.

    Raises:
        BenchError: a service failed, or an event is missing.
    """
    return [asyncio.run(_round(place, number + 1, count)) for number in range(count)]


async def _round(place: Place, number: int, count: int) -> Figures:
    figures: dict[str, float] = {}
    for name, measure in MEASURES.items():
        say(f"round {number} of {count}: {name} of the business services")
        figures.update(await measure(place))
    return figures


def lines(rounds: Sequence[Figures]) -> list[Line]:
    """The table's lines."""
    return [
        Line(figure, label, statistics.median(one[figure] for one in rounds), bound)
        for figure, label, bound in ROWS
    ]


def render(lines: Sequence[Line]) -> list[str]:
    """What a person reads."""
    said = [
        "The business services on PostgreSQL (which waits for its disk), with Kafka and a relay;",
        "all processes share all cores. A change's time runs from the start of its transaction.",
        f"Endpoints: {REQUESTS_PER_SECOND} requests/s of each by itself, 50,000 members.",
        "",
        _COLUMNS.format("", "", "floor", "").rstrip(),
        "-" * _WIDTH,
    ]
    return [*said, *map(_render, lines), ""]


def _render(line: Line) -> str:
    bound = "" if line.bound is None else str(line.bound)
    value = f"{line.value:,.0f}" if line.value >= 1_000 else f"{line.value:.3g}"
    return _COLUMNS.format(line.label, value, bound, line.verdict or "").rstrip()


def as_json(lines: Sequence[Line]) -> list[Mapping[str, object]]:
    """The same, for programs."""
    return [
        {
            "figure": line.figure,
            "value": line.value,
            "floor": str(line.bound) if line.bound else None,
            "verdict": line.verdict,
        }
        for line in lines
    ]
