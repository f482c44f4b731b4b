"""Where a client keeps its cursor between its runs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

from unionflow_client.errors import StoreUnavailable


class CursorStore(Protocol):
    """Called from one thread at a time; `save` from a thread of its own, so it may block."""

    def load(self) -> str | None:
        """What was kept; None: nothing.

        Raises:
            StoreUnavailable: that cannot be told.
        """

    def save(self, cursor: str | None) -> None:
        """Keep it in place of what was; None: keep nothing.

        Raises:
            OSError: it could not be kept; the client says so in its log, and goes on.
        """


class MemoryStore:
    """Keeps the cursor for as long as this object lives."""

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor

    def load(self) -> str | None:
        """What was kept last."""
        return self.cursor

    def save(self, cursor: str | None) -> None:
        """Keep it."""
        self.cursor = cursor


class FileStore:
    """Keeps the cursor in a file, which is replaced as a whole: a power cut leaves old or new.

    path: of one client alone; its folder has to be there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        """What the file says; what is no cursor any more is for the relay to refuse.

        Raises:
            StoreUnavailable: the file is there and cannot be read.
        """
        try:
            return self._path.read_text("utf-8", errors="replace").strip() or None
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise StoreUnavailable(f"{self._path} cannot be read: {problem.strerror}") from problem

    def save(self, cursor: str | None) -> None:
        """Replace the file, or remove it.

        Raises:
            OSError: the disk is full, or the folder cannot be written to.
        """
        if cursor is None:
            self._path.unlink(missing_ok=True)
            return
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(cursor)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
