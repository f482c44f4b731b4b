"""Programs that a step calls, and what is said when one fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from shipping.errors import StepFailed

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 900.0  # the longest step is a first npm install on a busy machine


def run(
    command: Sequence[str | Path], *, cwd: Path = ROOT, environ: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end, and return what it printed. environ: what is set besides.

    Raises:
        StepFailed: it cannot be started, has failed, or has not ended in `SECONDS`.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepFailed(f"{' '.join(words[:4])}: {error}") from None
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()[-2000:]
        raise StepFailed(f"{' '.join(words[:4])} (exit code {done.returncode}): {said}")
    return done.stdout
