"""The command line of a deployable, which only explains and starts."""

from __future__ import annotations

import argparse
import asyncio
import sys
import textwrap
from collections.abc import Callable, Coroutine, Iterable, Sequence
from importlib.metadata import version
from typing import Any

import uvloop

from unionflow_runtime.errors import SettingsError

EXIT_SETTINGS = 2


def run_program(
    name: str,
    description: str,
    settings: Iterable[tuple[str, str]],
    start: Callable[[], Coroutine[Any, Any, None]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run until `start`'s coroutine ends. Returns 0, or 2 when a setting is missing or wrong.

    name: as it is started, `python -m …`. settings: (variable, what it is) for `--help`.
    start: reads the settings, and gives what to run; may raise SettingsError, as the run itself.
    """
    _parser(name, description, settings).parse_args(arguments)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(start())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_SETTINGS
    return 0


def _parser(
    name: str, description: str, settings: Iterable[tuple[str, str]]
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=_epilog(settings),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("unionflow-streams"))
    return parser


def _epilog(settings: Iterable[tuple[str, str]]) -> str:
    blocks = [
        f"  {name}\n" + textwrap.fill(text, 76, initial_indent=" " * 6, subsequent_indent=" " * 6)
        for name, text in settings
    ]
    return "\n".join(["settings, by environment variable:", *blocks])
