"""Real programs that a test starts beside itself, and that end with the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager


@contextmanager
def running_module(
    module: str, arguments: Sequence[str], *, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """`python -m module` with its standard input and output as pipes; killed at the end.

    environ: this process's own unless given.
    """
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ) as program:
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
