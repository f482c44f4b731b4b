"""What is left out of a layer because nothing runs it, and what is compiled ahead."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from shipping.steps import run

_SOURCES = {".a", ".c", ".cpp", ".h", ".pxd", ".pyi", ".pyx"}
_TESTS = {"test", "tests", "__pycache__"}


def remove(folder: Path, patterns: Iterable[str], kept: Collection[str] = ()) -> None:
    """Remove what these globs name below a folder, but files of a name in `kept`."""
    for pattern in patterns:
        for path in list(folder.glob(pattern)):
            if path.name in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def remove_sources_and_tests(folder: Path) -> None:
    """Remove the packages' own tests, and what they were compiled from."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if path.name in _TESTS:
                shutil.rmtree(path)
        elif path.suffix in _SOURCES:
            path.unlink()


def strip(files: Iterable[Path]) -> None:
    """Take symbols for debuggers out of shared objects: half of some packages' size."""
    run(["strip", "--strip-unneeded", *files])


def compile_all(root: Path, folder: Path) -> None:
    """Compile a folder, so that a start on a read-only root compiles nothing.

    The compiled files hold a hash of their source that is not checked, and no time: the same
    sources give the same bytes.
    """
    options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    run([sys.executable, "-m", "compileall", *options, "-s", root, "-p", "/", folder])


def settle(root: Path) -> None:
    """Give every file the time 0 (or SOURCE_DATE_EPOCH) and a mode that all can read."""
    moment = float(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    for path in (*root.rglob("*"), root):
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o7777
            if mode & 0o1000 == 0:  # /tmp is everyone's
                path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
