"""Which shared libraries files need, as the loader of this machine finds them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_FOUND = re.compile(r"(?:=> |^\s+)(/\S+) \(0x", re.MULTILINE)
_NOT_FOUND = re.compile(r"^\s+(\S+) => not found", re.MULTILINE)
_FILES_AT_ONCE = 50
# What packages may be linked to: the image has these. All else a wheel brings itself.
FOR_PACKAGES = frozenset(
    f"lib{name}"
    for name in (
        *("c.so.6", "m.so.6", "dl.so.2", "pthread.so.0", "rt.so.1", "resolv.so.2", "util.so.1"),
        *("gcc_s.so.1", "stdc++.so.6", "z.so.1"),
    )
)


def shared_objects(folder: Path) -> list[Path]:
    """All files of a folder that are shared objects, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if ".so" in path.suffixes and path.is_file() and not path.is_symlink()
    )


def needed_by(files: Iterable[Path]) -> tuple[set[Path], set[str]]:
    """The libraries that files are linked to: where they lie, and the names that are not found."""
    found: set[Path] = set()
    missing: set[str] = set()
    for some in _portions([str(path) for path in files]):
        # ldd's exit code is 1 where one of the files is linked to nothing.
        said = subprocess.run(["ldd", *some], capture_output=True, text=True, check=False).stdout
        found.update(map(Path, _FOUND.findall(said)))
        missing.update(_NOT_FOUND.findall(said))
    return found, missing


def _portions(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(words), _FILES_AT_ONCE):
        yield words[start : start + _FILES_AT_ONCE]
