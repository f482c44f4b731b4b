"""The command line: prints the schedule, runs the audit, says what came of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path

import uvloop

from tests.chaos import report
from tests.chaos.audit import Plan, Report, audit
from tests.chaos.errors import AuditError
from tests.chaos.libraries.company import available
from tests.chaos.libraries.patrons import Library
from unionflow_cli.kafka import LocalKafkaError

_EXIT_CODES = (
    "exit code: 0 every promise held, 1 one was broken, 2 wrong usage, 3 it could not be run"
)


def main() -> int:
    """Run an audit; the exit code is as `--help` says."""
    arguments = _parser().parse_args()
    plan = Plan(
        arguments.seed,
        arguments.seconds,
        arguments.clients,
        arguments.relays,
        libraries=arguments.libraries,
        lose=arguments.lose,
    )
    output = sys.stderr if arguments.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=output, flush=True)

    for line in report.heading(plan, plan.faults()):
        say(line)
    if plan.libraries and Library.TYPESCRIPT not in available():
        say("Without programs of @unionflow/client: `make install`, with Node.js 20, brings it.")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_until_told(audit(plan, say, arguments.folder)))
    except (AuditError, LocalKafkaError, ExceptionGroup) as problem:
        print("\n".join(f"chaos: {line}" for line in _said(problem)), file=sys.stderr)
        return 3
    except asyncio.CancelledError:
        return 130
    if arguments.json:
        print(json.dumps(report.as_json(found), indent=2))
    else:
        say("\n".join(report.render(found)))
    return int(not found.summary.holds)


async def _until_told(running: Coroutine[object, object, Report]) -> Report:
    """The audit, which SIGTERM and Ctrl-C end, tidied up.

    They cancel it: an exception out of a signal's handler would be some callback's of uvloop's.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(running)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    return await task


def _said(problem: Exception) -> Iterator[str]:
    """What stopped the audit, also where it comes as a group. A bug is no such problem."""
    if isinstance(problem, ExceptionGroup):
        for one in problem.exceptions:
            yield from _said(one)
    elif isinstance(problem, AuditError | LocalKafkaError):
        yield str(problem)
    else:
        raise problem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.chaos",
        description="Holds relays to their word while brokers, relays and networks fail.",
        epilog=_EXIT_CODES,
    )
    seconds = os.environ.get("CHAOS_SECONDS") or "600"
    parser.add_argument(
        "--seconds", type=_seconds, default=seconds, help="how long (CHAOS_SECONDS, else 600)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of schedule and stream (1)")
    parser.add_argument("--clients", type=_count, default=300, help="how many (300)")
    parser.add_argument("--relays", type=_count, default=3, help="how many (3)")
    parser.add_argument(
        "--libraries", type=_programs, default=100, help="programs of each library (100; 0: none)"
    )
    parser.add_argument(
        "--lose", type=int, default=0, help="spoil them: of every Nth event they say nothing"
    )
    parser.add_argument("--folder", type=Path, help="keep the logs of relays and brokers there")
    parser.add_argument("--json", action="store_true", help="all figures, client by client")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 10 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("10 seconds to a day, please")
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 5_000:
        raise argparse.ArgumentTypeError("1 to 5,000, please")
    return count


def _programs(text: str) -> int:
    return 0 if text == "0" else _count(text)


if __name__ == "__main__":
    sys.exit(main())
