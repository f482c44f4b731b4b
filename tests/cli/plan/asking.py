"""`unionflow plan` as it is typed, in this process, at 80 columns."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from unionflow_cli import main


def ask(*arguments: str | Path, text: str | None = None) -> Result:
    runner = CliRunner(env={"COLUMNS": "80", "KUBECONFIG": "/nowhere"})
    return runner.invoke(main.app, ["plan", *map(str, arguments)], input=text)


def stream_of(name: str, spec: str) -> str:
    """A stream in YAML. spec: its fields, a line each."""
    lines = "".join(f"  {line}\n" for line in spec.splitlines())
    head = "apiVersion: unionflow.lions.dev/v1alpha1\nkind: UnionflowStream\n"
    return f"{head}metadata: {{name: {name}}}\nspec:\n{lines}---\n"
