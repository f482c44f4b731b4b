"""When to write the cursor down: at once for a cursor, soon for events, never for what waits."""

from __future__ import annotations

from unionflow_client.core.bookmark import Bookmark

SOON_MS = 1_000.0


class Keeper:
    """Follows the bookmark of what the program is done with. due: when to store, or None."""

    __slots__ = ("_done", "_stored", "due")

    def __init__(self, done: Bookmark, stored: str | None) -> None:
        self.due: float | None = None
        self._done = done
        self._stored = stored

    def soon(self, now: float) -> None:
        """An event is done with."""
        if self.due is None:
            self.due = now + SOON_MS

    def take(self) -> str | None:
        """The text to store now; None: it is stored already, or there is none."""
        self.due = None
        text = self._done.text()
        if text is None or text == self._stored:
            return None
        self._stored = text
        return text

    def forget(self) -> bool:
        """The relay cannot read it. Whether there was something stored to be emptied."""
        had, self._stored, self.due = self._stored is not None, None, None
        return had
