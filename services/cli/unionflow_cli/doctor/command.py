"""`unionflow doctor`: the table, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.doctor.checkup import Finding, State, examine, is_well
from unionflow_cli.doctor.machine import gather
from unionflow_cli.exits import ExitCode

STYLES = {State.OK: "good", State.NOTE: "caution", State.MISSING: "wrong"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what this machine has and lacks, and the command that mends each lack.

    Exit code 0 where nothing is missing, else 1.
    """
    findings = examine(gather())
    if as_json:
        fields = {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}
        terminal.write_data(json.dumps(fields))
    else:
        _print(findings)
    if not is_well(findings):
        raise typer.Exit(ExitCode.PROMISE_BROKEN)


def _print(findings: Sequence[Finding]) -> None:
    console = terminal.output()
    table = Table(box=None, pad_edge=False, header_style="title")
    for column in ("for", "what", "", "found"):
        table.add_column(column, overflow="fold")
    tier = ""
    for finding in findings:
        state = Text(finding.state, style=STYLES[finding.state])
        new_tier = finding.tier if finding.tier != tier else ""
        table.add_row(new_tier, finding.what, state, finding.found)
        tier = finding.tier
    console.print(table)
    for finding in findings:
        if finding.mend:
            console.print(Text(f"\n{finding.what}:", style=STYLES[finding.state]))
            # Whole, so that it can be copied.
            console.print(Text(f"  {finding.mend}"), soft_wrap=True)
