"""Real `unionflow` processes for tests: started, read line by line, and looked after by pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

PATIENCE_SECONDS = 60.0
FREE_PORTS = (
    *("--port", "0", "--management-port", "0", "--kafka-port", "0"),
    *("--backend-port", "0", "--backend-management-port", "0"),
)


class Running:
    """One command that runs. Its two outputs are collected as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [_collect(process.stdout, self.out), _collect(process.stderr, self.err)]

    @property
    def everything(self) -> str:
        return "\n".join([*self.out, *self.err])

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Fail with all that it printed where it does not happen within a minute."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            if self.process.poll() is not None and not happened():
                raise AssertionError(f"ended before {what}:\n{self.everything}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}:\n{self.everything}")
            time.sleep(0.02)

    def wait_for_line(self, part: str) -> str:
        """The first line, of either output, that has this in it."""
        self.wait_for(lambda: part in self.everything, f"a line with {part!r}")
        return next(line for line in [*self.out, *self.err] if part in line)

    def family(self) -> list[psutil.Process]:
        """Itself and every process below it. psutil tells a pid's later owners apart."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def child(self, part: str) -> psutil.Process:
        """The process below it whose command line has this in it."""
        for process in self.family()[1:]:
            if any(part in word for word in process.cmdline()):
                return process
        raise AssertionError(f"no {part} below {self.process.pid}")

    def end(self, number: int = signal.SIGINT) -> int:
        """Send it a signal; its exit code."""
        self.process.send_signal(number)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait for its end, and for the rest of what it printed."""
        code = self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(5)
        return code


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "unionflow_cli", *arguments]


@contextmanager
def unionflow(*arguments: str, environ: Mapping[str, str]) -> Iterator[Running]:
    """A command that is killed, with all below it, at the end of the block."""
    process = subprocess.Popen(
        command(*arguments),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Running(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            for member in reversed(running.family()):
                member.kill()
        running.exit_code()


def finish(*arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command from start to end."""
    return subprocess.run(
        command(*arguments),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def environment(cache: Path, **variables: str) -> dict[str, str]:
    """This process's environment with a cache of its own and no settings of anyone's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNIONFLOW_", "KAFKA_"))}
    return {**kept, "UNIONFLOW_CACHE": str(cache), **variables}


def alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run, after at most two seconds of grace."""
    _, left = psutil.wait_procs(processes, timeout=2)
    return [p for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def _collect(stream: IO[str], lines: list[str]) -> threading.Thread:
    def read() -> None:
        with stream:
            for line in stream:
                lines.append(line.rstrip("\n"))  # noqa: PERF401  # each is seen as it comes

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
