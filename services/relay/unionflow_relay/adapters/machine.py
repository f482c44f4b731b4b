"""What this process may take of its machine: memory, by the container's limit, and descriptors."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def container_memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int | None:
    """The least `memory.max` (bytes) from this process's cgroup (v2) up; None where none is set.

    Inside a container the own cgroup is usually the root of what is mounted.
    """
    limits = [int(text) for text in _limits(cgroups, own) if text.isdigit()]
    return min(limits, default=None)


def _limits(cgroups: Path, own: Path) -> Iterator[str]:
    for folder in _own_and_above(own):
        try:
            yield (cgroups / folder.relative_to("/") / "memory.max").read_text().strip()
        except OSError:
            continue


def _own_and_above(own: Path) -> Iterator[PurePosixPath]:
    yield PurePosixPath("/")
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("0::/"):  # the line of cgroup v2
            mine = PurePosixPath(line.removeprefix("0::"))
            yield from (folder for folder in (mine, *mine.parents) if ".." not in folder.parts)


def physical_memory() -> int:
    """Bytes that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def most_open_files() -> int:
    """Raise the limit of open descriptors as far as this process may, and return it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most if most != resource.RLIM_INFINITY else 2**31
