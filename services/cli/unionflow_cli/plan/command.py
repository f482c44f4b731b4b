"""`unionflow plan`: what the operator would do for streams of a file, or of a cluster.

Exit codes of its own, so that a pipeline can ask: 0 nothing would change, 2 something would, 1 for
every error, a wrong option too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from unionflow_cli import terminal
from unionflow_cli.exits import ExitCode
from unionflow_cli.plan.errors import NoPlan
from unionflow_cli.plan.question import Question


class PlanCommand(TyperCommand):
    """A wrong option is exit code 1 here: 2 says that something would change."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """As any command's. Raises NoPlan where they raise a usage error."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except typer.TyperException as wrong:
            raise NoPlan(str(wrong), "unionflow plan --help lists the options") from wrong


def plan(  # noqa: PLR0913, PLR0917  # each is an option of the command line
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A stream of the cluster.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="Streams in YAML or JSON; - for stdin."),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", metavar="NS", help="The stream's; else `default`."),
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Hold the file against the cluster and the brokers.")
    ] = False,
    kubeconfig: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Default KUBECONFIG, else ~/.kube/config."),
    ] = None,
    context: Annotated[str | None, typer.Option(metavar="NAME", help="Of the kubeconfig.")] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="FILE", help="The operator's policy file.")
    ] = None,
    relay_image: Annotated[
        str | None,
        typer.Option(metavar="IMAGE", help="Where a stream names none; else the operator's own."),
    ] = None,
    operator_namespace: Annotated[
        str, typer.Option(metavar="NS", help="Where the operator runs.")
    ] = "unionflow-system",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what the operator would do for a stream, and do nothing.

    With a file alone nothing is asked: it says what would be made where nothing is yet. With
    --diff, or a stream's NAME, the cluster and its brokers are read, and only read. Exit code 0:
    nothing would change; 2: something would; 1: there is no plan.
    """
    if (name is None) == (file is None):
        raise NoPlan("name a stream of the cluster, or a file by -f")
    if diff and file is None:
        raise NoPlan("--diff goes with -f; a NAME is held against the cluster anyway")
    live = diff or name is not None
    if not live and (kubeconfig or context):
        raise NoPlan("--kubeconfig and --context go with --diff, or with a NAME")
    question = Question(
        name=name,
        file=file,
        namespace=namespace,
        kubeconfig=(kubeconfig or _usual_kubeconfig()) if live else None,
        context=context,
        policy=policy,
        relay_image=relay_image,
        operator_namespace=operator_namespace,
    )
    # The operator's libraries take a second to load, which no other command is to wait for.
    from unionflow_cli.plan.answer import answer  # noqa: PLC0415  # as said above
    from unionflow_cli.plan.words import in_words  # noqa: PLC0415  # as said above

    plans = answer(question)
    would_change = any(one.would_change for one in plans)
    if as_json:
        whole = {"wouldChange": would_change, "streams": [one.as_json() for one in plans]}
        terminal.write_data(json.dumps(whole, ensure_ascii=False))
    else:
        console = terminal.output()
        for text in in_words(plans):
            terminal.line(console, text)
    if would_change:
        raise typer.Exit(ExitCode.USAGE)


def _usual_kubeconfig() -> str:
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
