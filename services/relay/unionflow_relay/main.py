"""`python -m unionflow_relay`: the command line, which only explains and starts."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import version

import uvloop

from unionflow_relay.adapters.logs import configure_logs
from unionflow_relay.app import Relay
from unionflow_relay.errors import SettingsError
from unionflow_relay.settings import described_settings, read_configuration

EXIT_SETTINGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a relay until SIGTERM or SIGINT. Returns 0, or 2 when a setting is missing or wrong."""
    _parser().parse_args(arguments)
    try:
        configuration = read_configuration(os.environ)
        settings = configuration.settings
        configure_logs(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Relay(configuration).run())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_SETTINGS
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m unionflow_relay",
        description="Carries UnionFlow's events from Kafka to WebSockets.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("unionflow-streams"))
    return parser


def _epilog() -> str:
    blocks = [
        f"  {name}\n" + textwrap.fill(text, 76, initial_indent=" " * 6, subsequent_indent=" " * 6)
        for name, text in described_settings()
    ]
    return "\n".join(["settings, by environment variable:", *blocks])
