"""Real programs that a test starts beside itself, and that end with the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def running_module(module: str, arguments: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """`python -m module` with its standard output as a pipe to read; killed at the end."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def run_module(
    module: str, arguments: Sequence[str], timeout: float = 90.0
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` to its end; what it printed, and its exit code."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
