"""The corner of the machine's control groups in which the node's pods live, and its removal."""

from __future__ import annotations

import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NAME = "uf-node"
EMPTY_SECONDS = 30.0


def make() -> None:
    """Make it, for either version of control groups (version 2: only the folder)."""
    if (ROOT / "cgroup.controllers").exists():
        (ROOT / NAME).mkdir(exist_ok=True)
        return
    for controller in ROOT.iterdir():
        if controller.is_dir() and controller.name != "unified":
            (controller / NAME).mkdir(exist_ok=True)
    for name in ("cpuset.cpus", "cpuset.mems"):  # a new cpuset has neither
        (ROOT / "cpuset" / NAME / name).write_text((ROOT / "cpuset" / name).read_text())


def remove() -> None:
    """Remove it with all below it; waits until the last process in it has ended."""
    tops = [path for path in (ROOT / NAME, *ROOT.glob(f"*/{NAME}")) if path.is_dir()]
    for top in tops:
        below = [path for path in top.rglob("*") if path.is_dir() and not path.is_symlink()]
        for folder in [*sorted(below, key=lambda path: -len(path.parts)), top]:
            _wait_until_empty(folder)
            folder.rmdir()


def _wait_until_empty(folder: Path) -> None:
    deadline = time.monotonic() + EMPTY_SECONDS
    while (folder / "cgroup.procs").read_text().strip():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{folder} still has processes")
        time.sleep(0.05)
