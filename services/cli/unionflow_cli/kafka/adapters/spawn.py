"""Starting programs so that none is left behind: each dies with this process, or is a service.

A tethered program is killed by the kernel when the *thread* that started it ends (see tether.py),
so all are started by one thread that lives as long as the process: the caller's own may be a
worker that ends sooner.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Queue

from unionflow_cli.kafka.adapters import tether
from unionflow_cli.kafka.adapters.process import Process, identify

_Start = Callable[[], subprocess.Popen[bytes]]


def spawn_tethered(
    command: Sequence[str],
    log: Path,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    keep_open: Sequence[int] = (),
) -> Process:
    """Start a program that dies with this process, even when this one is killed with -9.

    Its output is appended to `log`; its standard input is empty; it has a process group of its
    own, so that Ctrl-C at a terminal reaches this process alone. `environ` and `cwd` are this
    process's unless given; `keep_open` are file descriptors that it inherits.
    Raises FileNotFoundError where the program's file is not there.
    """
    program = _existing(command[0])
    arguments = [*_tether("tether", str(os.getpid())), program, *command[1:]]

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
                cwd=cwd,
                pass_fds=keep_open,
                process_group=0,
            )

    child = _keeper.run(start)
    identity = identify(child.pid)
    if identity is None:  # a child keeps its pid until it is waited for, which only we do
        raise ProcessLookupError(f"{program} is gone")
    return Process(identity, os.pidfd_open(child.pid), child)


def spawn_detached(
    command: Sequence[str], log: Path, *, cwd: Path | None = None, keep_open: Sequence[int] = ()
) -> Process:
    """Start a program that stays when this process ends: a service of its own session.

    log, cwd, keep_open: as in `spawn_tethered`.
    Raises FileNotFoundError where the program's file is not there, and ProcessLookupError where it
    ended at once.
    """
    program = _existing(command[0])
    done = subprocess.run(
        [*_tether("detach", str(log)), program, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=cwd,
        pass_fds=keep_open,
        check=True,
    )
    identity = identify(int(done.stdout))
    process = Process.find(identity) if identity else None
    if process is None:
        raise ProcessLookupError(f"{program} ended at once; its output is in {log}")
    return process


def _tether(*arguments: str) -> list[str]:
    # -I -S: nothing of the environment or of site-packages, so that it starts in 15 ms.
    return [sys.executable, "-I", "-S", tether.__file__, *arguments]


def _existing(program: str) -> str:
    if not Path(program).is_file():
        raise FileNotFoundError(f"no such program: {program}")
    return program


class _Keeper:
    """The thread that starts all tethered programs; it ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        # Holds one job at most: each caller waits for its own, and further ones wait to put theirs.
        self._jobs: Queue[tuple[_Start, Future[subprocess.Popen[bytes]]]] = Queue(maxsize=1)

    def run(self, start: _Start) -> subprocess.Popen[bytes]:
        """Call `start` in the keeper's thread; its result, or its error."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # not alive after os.fork
                self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
                self._thread.start()
        future: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((start, future))
        return future.result()

    def _work(self) -> None:
        while True:
            start, future = self._jobs.get()
            try:
                future.set_result(start())
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is the caller's
                future.set_exception(error)
            del start, future


_keeper = _Keeper()
