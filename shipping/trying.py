"""Packages as somebody has them who has nothing else of ours: in an empty project."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shipping.errors import StepFailed
from shipping.steps import ROOT, run

_CLIENT = "import unionflow_client; unionflow_client.Client"
_PUBLISHER = "from unionflow_events import EventPublisher"
# An extra of unionflow-streams, and a command that works where it is installed.
EXTRAS: Mapping[str, Sequence[str]] = {
    "": ("python", "-c", _PUBLISHER),
    "relay": ("python", "-m", "unionflow_relay", "--help"),
    "backend": ("unionflow-backend", "openapi"),
    "operator": ("python", "-m", "unionflow_operator", "--help"),
    "cli": ("unionflow", "--help"),
}
_NPM_PROGRAM = """
import { BadOptions, Client } from '@unionflow/client';
try { new Client({ api: 'ftp://nowhere' }); process.exit(1); }
catch (error) { process.exit(error instanceof BadOptions ? 0 : 1); }
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with nothing in it but what is installed here."""

    folder: Path

    def install(self, requirement: str) -> None:
        """Install a wheel with what it needs, in the versions of requirements/dev.txt.

        Raises:
            StepFailed: it cannot be.
        """
        locked = (ROOT / "requirements/dev.txt").read_text()
        pins = re.findall(r"^[\w.-]+==\S+", locked, re.MULTILINE)
        constraints = self.folder / "constraints.txt"
        constraints.write_text("\n".join(pins))
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet"]
        into = ["--python", str(self.folder), "--constraint", str(constraints), requirement]
        try:
            run([*uv, "--offline", *into])
        except StepFailed:  # something of it is not in uv's cache yet
            run([*uv, *into])

    def run(self, *words: str) -> str:
        """Run a command of it, in an empty folder. Raises StepFailed."""
        with tempfile.TemporaryDirectory() as empty:
            program = str(self.folder / "bin" / words[0])
            return run([program, *words[1:]], cwd=Path(empty), environ={"PYTHONPATH": ""})

    def packages(self) -> set[str]:
        """The names of all that is installed."""
        listed = run(
            [sys.executable, "-m", "uv", "pip", "list", "--python", self.folder, "--format=json"]
        )
        return {one["name"] for one in json.loads(listed)}


def new_environment(folder: Path) -> Environment:
    """An empty virtual environment. Raises StepFailed."""
    run([sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, folder])
    return Environment(folder)


def try_wheels(streams: Path, client: Path) -> None:
    """Install each by itself, with every extra, and use it.

    Raises:
        StepFailed: it does not work.
    """
    with tempfile.TemporaryDirectory() as work:
        alone = new_environment(Path(work) / "client")
        alone.install(str(client))
        alone.run("python", "-c", _CLIENT)
        if alone.packages() != {"unionflow-client", "websockets"}:
            raise StepFailed(f"unionflow-client brings more than websockets: {alone.packages()}")
        for extra, command in EXTRAS.items():
            one = new_environment(Path(work) / f"streams-{extra}")
            one.install(f"{streams}[{extra}]" if extra else str(streams))
            one.run(*command)


def try_npm_package(package: Path) -> None:
    """Install it in an empty folder without a network, and use it.

    Raises:
        StepFailed: it does not work.
    """
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "program.mjs").write_text(_NPM_PROGRAM)
        quiet = ["--offline", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        run(["npm", "install", *quiet, package], cwd=folder)
        run(["node", "program.mjs"], cwd=folder)
