"""Backends that are there at once: forked from a process that has imported everything already.

Importing takes a second or more each time, which a test of two hundred kills does not have.
`python -m tests.backend.kills.nursery LOG` forks one for each line that it reads, and says its pid.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Self

from tests.support.programs import running_module
from unionflow_backend.main import main

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def serve(log: str) -> None:
    """Fork for each line of standard input, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel clears away who has ended
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(log)
        print(pid, flush=True)


def _live(log: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os._exit(main(["serve"]))


class Nursery:
    """Starts backends by way of such a process. One lives at a time."""

    def __init__(self, log: Path, settings: dict[str, str]) -> None:
        self._log = log
        self._settings = settings
        self._pid = 0

    def __enter__(self) -> Self:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNIONFLOW_", "KAFKA_"))}
        self._running = running_module(
            "tests.backend.kills.nursery", [str(self._log)], environ={**kept, **self._settings}
        )
        self._program = self._running.__enter__()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()
        self._running.__exit__(None, None, None)

    def start(self) -> None:
        """A new backend begins its start."""
        stdin, stdout = self._program.stdin, self._program.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write("go\n")
        stdin.flush()
        self._pid = int(stdout.readline())

    def kill(self) -> None:
        """End it with -9, and wait until it is gone."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals, seconds: float = 15.0) -> None:
        """End it with a signal, and wait until it is gone."""
        pid, self._pid = self._pid, 0
        if not pid:
            return
        deadline = time.monotonic() + seconds
        os.kill(pid, number)
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, f"{number.name} does not end it"
            time.sleep(0.002)


if __name__ == "__main__":
    serve(sys.argv[1])
