"""The command line: measures the page, prints one table, says whether the floors hold."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence

from playwright.async_api import Error

from tests.bench.browser.latency import latency
from tests.bench.browser.paint import paint
from tests.bench.browser.smooth import smooth
from tests.bench.browser.stage import Figure, Place, place
from tests.bench.errors import BenchError
from tests.bench.floors import Verdict
from unionflow_cli.errors import CliError

_LINE = "{:<52}{:>10}{:>10}  {}"
_MEASURES = ("paint", "latency", "storm")


def main() -> int:
    """Run it; 0: all floors hold, 1: one is missed, 3: nothing was measured."""
    arguments = _parser().parse_args()
    try:
        figures = asyncio.run(_measure(arguments.only, arguments.seconds))
    except (BenchError, CliError, Error, AssertionError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 3
    if arguments.json:
        print(json.dumps({one.label.strip(): one.value for one in figures}, indent=2))
    else:
        print("\n".join(_render(one) for one in figures))
    return int(any(_verdict(one) is Verdict.MISSED for one in figures))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.bench.browser",
        description="The dashboard in Chromium, with real services behind it.",
    )
    parser.add_argument("--only", nargs="+", choices=_MEASURES, default=_MEASURES)
    parser.add_argument("--seconds", type=float, default=600, help="of the storm (600)")
    parser.add_argument("--json", action="store_true", help="the figures alone")
    return parser


async def _measure(wanted: Sequence[str], seconds: float) -> list[Figure]:
    measures: dict[str, Callable[[Place], Awaitable[Sequence[Figure]]]] = {
        "paint": paint,
        "latency": latency,
        "storm": lambda where: smooth(where, seconds),
    }
    figures: list[Figure] = []
    async with place() as where:
        for name, measure in measures.items():
            if name in wanted:
                figures += await measure(where)
    return figures


def _verdict(figure: Figure) -> Verdict | None:
    return None if figure.bound is None else figure.bound.judge(figure.value)


def _render(figure: Figure) -> str:
    bound = "" if figure.bound is None else str(figure.bound)
    return _LINE.format(
        figure.label, f"{figure.value:,.4g}", bound, _verdict(figure) or ""
    ).rstrip()


if __name__ == "__main__":
    sys.exit(main())
