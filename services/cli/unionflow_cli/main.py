"""The `unionflow` command: what a platform engineer or a developer types.

Exit codes, the same for every command:

    0   done, or stopped as asked (Ctrl-C, SIGTERM)
    1   dev --check, doctor, conformance: something is wrong; plan: no plan
    2   an option, argument or data is wrong; plan: something would change
    3   Kafka, the relay or a tool that is needed is not there
    4   a port or the dev broker's folder is in use
    5   a process that the command started ended by itself
    6   the server refused, and trying again will not help
    70  a fault of this command; UNIONFLOW_DEBUG=1 shows where
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from unionflow_cli import terminal
from unionflow_cli.conformance.command import conformance
from unionflow_cli.dev.command import dev
from unionflow_cli.doctor import doctor
from unionflow_cli.errors import BadInput, CliError
from unionflow_cli.exits import MEANING, ExitCode
from unionflow_cli.kafka.commands import kafka_app, topics_app
from unionflow_cli.outbox.commands import outbox_app
from unionflow_cli.plan.command import PlanCommand, plan
from unionflow_cli.publish import publish
from unionflow_cli.watch import watch
from unionflow_events import EventsError


class Commands(TyperGroup):
    """The commands, and the one place where an error becomes a line and an exit code."""

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """The exit codes, at the end of `unionflow --help`."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), MEANING[code]) for code in ExitCode])

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what it raises is said in one or two lines, never as a traceback."""
        _quiet_libraries()
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except CliError as error:
            terminal.show_error(error)
            raise typer.Exit(error.exit_code) from error
        except EventsError as error:
            terminal.show_error(BadInput(str(error)))
            raise typer.Exit(ExitCode.USAGE) from error
        except KeyboardInterrupt as stopped:
            raise typer.Exit(ExitCode.OK) from stopped
        except BrokenPipeError as closed:
            # The reader of a pipe has left, as `head` does. Python would complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.OK) from closed
        except (RuntimeError, OSError, ValueError, LookupError, TypeError, AttributeError) as fault:
            if _debugging():
                raise
            name = f"{type(fault).__name__}: {fault}"
            terminal.show_error(CliError(f"a fault of this command: {name}", _REPORT))
            raise typer.Exit(ExitCode.INTERNAL) from fault


_REPORT = "please report it, with what UNIONFLOW_DEBUG=1 in the environment shows"


def _debugging() -> bool:
    return bool(os.environ.get("UNIONFLOW_DEBUG"))


def _quiet_libraries() -> None:
    """What Kafka and WebSocket clients log is for their developers: shown when debugging alone."""
    handler = logging.StreamHandler() if _debugging() else logging.NullHandler()
    logging.basicConfig(handlers=[handler], level=logging.INFO)


app = typer.Typer(
    cls=Commands,
    name="unionflow",
    help="UnionFlow Streams: see, try and prove live events on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
app.command()(dev)
app.command()(watch)
app.command()(publish)
app.add_typer(kafka_app, name="kafka")
app.add_typer(topics_app, name="topics")
app.add_typer(outbox_app, name="outbox")
app.command(cls=PlanCommand)(plan)
# What follows the adapter is the adapter's own, options included.
app.command(context_settings={"allow_interspersed_args": False})(conformance)
app.command()(doctor)
