"""`unionflow conformance` as a process, and what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.house.files import ROOT

RUN_SECONDS = 150
PYTHON_CLIENT = (sys.executable, "-m", "tests.conformance.adapters.python_client")
BAD_CLIENT = (sys.executable, "-m", "tests.conformance.adapters.bad_client")


@dataclass(frozen=True, slots=True)
class Found:
    """code: the exit code. said: its JSON."""

    code: int
    said: Mapping[str, Any]

    @property
    def broken(self) -> set[str]:
        return {f"{one['subject']}: {one['case']}" for one in self.said["broken"]}


def run(options: Sequence[str], adapter: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "unionflow_cli", "conformance", *options, "--", *adapter],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def find(options: Sequence[str], adapter: Sequence[str]) -> Found:
    """What a run finds."""
    ran = run([*options, "--json"], adapter)
    assert ran.returncode in {0, 1}, ran.stderr
    return Found(ran.returncode, json.loads(ran.stdout))
