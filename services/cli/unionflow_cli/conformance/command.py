"""`unionflow conformance`: hold anyone's client to the table of cases, over real sockets."""

from __future__ import annotations

import json
import time as clock
from typing import Annotated

import typer

from unionflow_cli import terminal
from unionflow_cli.adapters.signals import run_until_stopped
from unionflow_cli.conformance.adapters.table import all_cases
from unionflow_cli.conformance.core.cases import Case
from unionflow_cli.conformance.core.levels import Level, Time, chosen
from unionflow_cli.conformance.core.report import Findings, Outcome, as_json, lines
from unionflow_cli.conformance.run import Plan, run
from unionflow_cli.errors import BadInput, CliError
from unionflow_cli.exits import ExitCode


def conformance(  # noqa: PLR0913, PLR0917  # each is an option of the command line
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="ADAPTER", help="The command that starts the adapter."),
    ] = None,
    level: Annotated[Level, typer.Option(help="What the client speaks.")] = Level.FULL,
    time: Annotated[
        Time, typer.Option(help="How its clock is made fast: divided, or held by the server.")
    ] = Time.SCALED,
    scale: Annotated[
        float, typer.Option(metavar="N", min=1, max=200, help="Scaled time runs N times as fast.")
    ] = 20.0,
    browser: Annotated[
        bool, typer.Option("--browser", help="It stands on a browser's WebSocket.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only cases with this word in their names.")
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Adapters at once.")] = 4,
    patience: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="Real seconds to wait for what is due.")
    ] = 10.0,
    list_only: Annotated[
        bool, typer.Option("--list", help="Say which cases there are; play none.")
    ] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play the table of cases to a client, and say which promises it kept.

    ADAPTER is a small program round the client: it reads commands and tells what happens, as
    lines of JSON. docs/how-to/write-your-own-client.md has one of 30 lines.
    """
    mine = [case for case in all_cases() if only is None or only in case.title]
    held, unseen = chosen(mine, level, time, browser=browser)
    if not held:
        raise BadInput(f"no case of the level {level} is left", "see --list, and give other words")
    if list_only:
        _list(held, unseen, as_json_)
        return
    if not command:
        raise BadInput("no adapter to run", "unionflow conformance --level resume ./my-adapter")
    plan = Plan(command, level, time, scale, patience, jobs)
    outcomes: list[Outcome] = []
    begun = clock.monotonic()
    try:
        run_until_stopped(run(plan, held, outcomes.append))
    except ExceptionGroup as problems:
        raise _first_of(problems) from problems
    if len(outcomes) < len(held):  # Ctrl-C: nothing can be said of the rest
        terminal.line(terminal.messages(), f"stopped: {len(outcomes)} of {len(held)} cases played")
        return
    findings = Findings(level, time, outcomes, unseen, clock.monotonic() - begun)
    _show(findings, as_json_)
    if findings.broken:
        raise typer.Exit(ExitCode.PROMISE_BROKEN)


def _first_of(problems: ExceptionGroup[Exception]) -> Exception:
    """An error that the command raises on purpose, where there is one."""
    known = problems.subgroup(CliError)
    found: BaseException = known or problems
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, Exception) else problems


def _show(findings: Findings, as_json_: bool) -> None:
    if as_json_:
        terminal.write_data(json.dumps(as_json(findings), ensure_ascii=False, indent=2))
        return
    for line in lines(findings):
        terminal.line(terminal.output(), line)


def _list(held: list[Case], unseen: list[Case], as_json_: bool) -> None:
    if as_json_:
        said = {"held": [one.title for one in held], "unseen": [one.title for one in unseen]}
        terminal.write_data(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for case in held:
        terminal.line(terminal.output(), case.title)
