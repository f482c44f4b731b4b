"""This machine's cores and counters: who runs where, and what a process has used."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the server under test, and those of the load client, producer and broker."""

    server: int
    load: frozenset[int]


def share_cores() -> Cores:
    """Give the server the last core this process may use, and all else the others."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[-1], frozenset(usable[:-1] or usable))


@contextlib.contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Run this thread, and what it starts meanwhile, on these cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Raise this process's limit of open files, which its children inherit, to what it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_seconds(pid: int) -> float:
    """CPU time, user and system, of all threads the process has or had; to the nanosecond."""
    # The clock's number as clock_getcpuclockid(3) makes it: CPUCLOCK_SCHED (2) of a process.
    return time.clock_gettime((~pid << 3) | 2)


def pss_bytes(pid: int) -> int:
    """The process's memory, pages that others share counted in part (proportional set size)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def state(pid: int) -> str:
    """The process's state, one letter as in ps: R, S, T for stopped, Z."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def busy_seconds(core: int) -> float:
    """How long the core was not free since the machine's start, in steps of 10 ms."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, ticks)
            return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    raise ValueError(core)
