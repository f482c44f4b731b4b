"""For development on a cluster: run a deployable, and start it anew when its files change.

`python reload.py unionflow_relay COPY`: it runs from a copy of our code that can be written to,
into which `skaffold dev` syncs changed files. The image for it (target `dev` of the Dockerfile)
has a shell and tar; no other has.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

_LOOK_SECONDS = 0.5
_STOP_SECONDS = 10.0


def main(module: str, copy: Path) -> int:
    """Run until SIGTERM. Returns 0."""
    site = next(Path(path) for path in sys.path if Path(path, module).is_dir())
    for package in site.glob("unionflow_*"):
        if package.suffix != ".dist-info":
            shutil.copytree(package, copy / package.name, dirs_exist_ok=True)
    signal.signal(signal.SIGTERM, _leave)
    while True:
        seen = _state(copy)
        environ = {**os.environ, "PYTHONPATH": str(copy)}
        with subprocess.Popen([sys.executable, "-m", module], env=environ) as program:
            try:
                while _state(copy) == seen:
                    time.sleep(_LOOK_SECONDS)
                sys.stderr.write("files have changed: starting anew\n")
            except SystemExit:
                return 0
            finally:
                _end(program)


def _state(folder: Path) -> frozenset[tuple[str, int]]:
    """The source files and when each was written."""
    return frozenset((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*.py"))


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
