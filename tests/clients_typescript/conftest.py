"""The tier `node`: Node.js 20 with npm, and the client built once for all tests of this room."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing

ROOM = ROOT / "services" / "clients" / "typescript"
INSTALL_SECONDS = 150
BUILD_SECONDS = 60


@pytest.fixture(scope="session")
def typescript_client() -> Path:
    """The client's folder, with its tools and its `dist` as they have to be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        tier_is_missing("the TypeScript client needs Node.js 20 or newer, with npm")
    installed = run(ROOM, ["scripts/install.sh"], INSTALL_SECONDS)
    if installed.returncode:
        tier_is_missing(f"the TypeScript client's tools: {installed.stderr.strip()}")
    with (ROOM / "node_modules" / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of this run may want it as well
        if not _is_built():
            built = run(ROOM, ["node", "scripts/build.mjs"], BUILD_SECONDS)
            assert built.returncode == 0, built.stdout + built.stderr
    return ROOM


def _is_built() -> bool:
    """Whether `dist` is newer than all that it is made of."""
    made = ROOM / "dist" / "index.d.ts"  # which the build writes last
    sources = [*ROOM.glob("src/*"), *ROOM.glob("scripts/*"), *ROOM.glob("*.json")]
    return made.is_file() and made.stat().st_mtime > max(one.stat().st_mtime for one in sources)


def run(room: Path, command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command in the client's folder to its end."""
    return subprocess.run(
        command, cwd=room, capture_output=True, text=True, timeout=seconds, check=False
    )
