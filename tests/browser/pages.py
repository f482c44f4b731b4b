"""The dashboard's files as a release has them, built once for all tests of a run."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing

ROOM = ROOT / "services" / "dashboard"
DIST = ROOM / "dist"
INSTALL_SECONDS = 160
BUILD_SECONDS = 120


def built_pages(folder: Path) -> Path:
    """What the backend serves: a copy in `folder`, since the next build empties `dist`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        tier_is_missing("the dashboard needs Node.js 20.19 or newer, with npm")
    # Not package.json, which install.sh itself locks.
    with (ROOM / "vite.config.ts").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = _run("scripts/install.sh", INSTALL_SECONDS)
        if installed.returncode:
            tier_is_missing(f"the dashboard's tools: {installed.stderr.strip()}")
        made = _run("scripts/build.sh", BUILD_SECONDS)
        assert made.returncode == 0, made.stdout + made.stderr
        return Path(shutil.copytree(DIST, folder / "pages"))


def _run(script: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOM / script)],
        cwd=ROOM,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
