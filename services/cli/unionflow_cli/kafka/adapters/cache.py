"""Where fetched and kept things lie on this machine, and locks on them between processes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unionflow_cli.kafka.errors import FolderUnusable

POLL_SECONDS = 0.1


def cache_dir() -> Path:
    """`UNIONFLOW_CACHE`, else `unionflow` in `XDG_CACHE_HOME`, else `~/.cache/unionflow`.

    The folder need not exist yet.
    """
    if own := os.environ.get("UNIONFLOW_CACHE"):
        return Path(own).expanduser().absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not shared.is_absolute():  # the XDG specification says to ignore a relative one
        shared = Path.home() / ".cache"
    return shared / "unionflow"


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """A folder to work in, made where it is missing. Raises FolderUnusable for any OSError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise FolderUnusable(folder, error) from error


def try_lock(path: Path) -> int | None:
    """Lock a file (made where missing): a descriptor that holds the lock, or None if it is held.

    The lock lasts until every copy of the descriptor is closed, a child's inherited one included.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Hold a file's lock; wait up to `timeout` seconds for it. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{path} was locked for {timeout:.0f} s")
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)
