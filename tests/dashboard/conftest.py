"""The tier `node`: Node.js with npm, and the dashboard built once for all tests of this room."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing

ROOM = ROOT / "services" / "dashboard"
INSTALL_SECONDS = 150
BUILD_SECONDS = 90


@pytest.fixture(scope="session")
def dashboard() -> Path:
    """The dashboard's folder, with its tools and its `dist` as they have to be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        tier_is_missing("the dashboard needs Node.js 20.19 or newer, with npm")
    installed = run(ROOM, ["scripts/install.sh"], INSTALL_SECONDS)
    if installed.returncode:
        tier_is_missing(f"the dashboard's tools: {installed.stderr.strip()}")
    built = run(ROOM, ["node", "scripts/build.mjs"], BUILD_SECONDS)
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOM


def run(room: Path, command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command in the dashboard's folder to its end."""
    return subprocess.run(
        command, cwd=room, capture_output=True, text=True, timeout=seconds, check=False
    )
