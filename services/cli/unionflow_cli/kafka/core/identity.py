"""Which process a pid meant when it was written down: a pid alone comes to mean another one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of one boot of this machine; no later process can have the same."""

    pid: int
    start_ticks: int  # clock ticks after boot, field 22 of /proc/PID/stat
    boot_id: str  # /proc/sys/kernel/random/boot_id


def start_ticks(stat: str) -> int:
    """Field 22 of the text of /proc/PID/stat.

    Counted after the last parenthesis: the process's own name, field 2, may hold both kinds.
    """
    return int(stat.rpartition(")")[2].split()[19])
