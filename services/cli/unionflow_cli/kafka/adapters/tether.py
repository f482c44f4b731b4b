"""Turns itself into another program that dies with its starter, or that outlives it.

Run by path as a program of its own, so that nothing of ours runs between fork and exec of a
process with threads. It becomes the program (exec): same pid, no process in between.

Tethered, the kernel kills the program (PR_SET_PDEATHSIG) the moment its starter is gone, even when
that was killed with -9. A pipe as a lifeline would need one more process to watch it, which can be
killed itself, and any fork of the starter that holds the pipe's end would keep a broker alive.
SIGKILL and not SIGTERM: a paused program obeys nothing else, and Kafka is made to survive it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tether(starter: int, command: list[str]) -> None:
    """Become `command`, to be killed when the thread that started this process ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != starter:
        sys.exit(1)  # it died before the line above
    os.execv(command[0], command)  # noqa: S606  # no shell is meant


def detach(log: str, command: list[str]) -> None:
    """Leave `command` behind as a child of init, in its own session; print its pid."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    pid = os.fork()
    if pid:
        sys.stdout.write(f"{pid}\n")
        return
    os.setsid()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.execv(command[0], command)  # noqa: S606  # no shell is meant


if __name__ == "__main__":
    mode, argument, *rest = sys.argv[1:]
    if mode == "tether":
        tether(int(argument), rest)
    else:
        detach(argument, rest)
