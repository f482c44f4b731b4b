"""Which files belong to the repository: what git tracks, and what it would track if added."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def repository_files(*suffixes: str, under: str = ".") -> list[Path]:
    """Paths relative to ROOT, sorted. With `suffixes` (`.py`), only names that end so.

    Files that are new and not ignored are included: a check that waits for `git add` comes too
    late.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", under],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    paths = {Path(name) for name in listed.split("\0") if name}
    return sorted(
        path
        for path in paths
        if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file()
    )
