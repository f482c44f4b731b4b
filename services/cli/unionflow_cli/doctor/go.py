"""Go, with which the tests' Kubernetes is built: on PATH, or as a wheel beside this Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Go:
    """One that was found. version: major and minor; (0,) where it does not say."""

    path: Path
    version: tuple[int, ...]


def find_go() -> Go | None:
    """The newest of those that are here."""
    beside = Path(sys.executable).with_name("go")
    on_path = shutil.which("go")
    paths = {Path(on_path)} if on_path else set()
    found = [Go(path, _version(path)) for path in paths | {beside} if path.is_file()]
    return max(found, key=lambda go: go.version, default=None)


def _version(go: Path) -> tuple[int, ...]:
    command = [str(go), "env", "GOVERSION"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    version = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return (int(version[1]), int(version[2])) if version else (0,)
