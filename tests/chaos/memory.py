"""What a client keeps in order to come back, as the wire reference tells it to."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

Stored = tuple[str, Mapping[str, str]]
_SNAPSHOTS = 6


class Memory:
    """The newest cursor, and the newest position of each partition since. begins: the first cursor.

    A client of server-sent events keeps the newest `id:` alone, and no positions.
    """

    def __init__(self, begins: str | None) -> None:
        self.cursor = begins
        self._positions: dict[str, str] = {}
        self._stored: deque[Stored] = deque(maxlen=_SNAPSHOTS)

    def said(self, cursor: str) -> None:
        """A cursor came that covers everything before it."""
        self.cursor = cursor
        self._positions.clear()

    def took(self, position: str) -> None:
        """An event came."""
        self._positions[position.rpartition(".")[0]] = position

    def resume_text(self) -> str | None:
        """What to come back with; None for live from now."""
        if self.cursor is None:
            return None
        return "~".join([self.cursor, *self._positions.values()])

    def snapshot(self) -> None:
        """Store it, as on a disk that a client finds again when it dies."""
        if self.cursor is not None:
            self._stored.append((self.cursor, dict(self._positions)))

    def go_back(self) -> bool:
        """Be as it was stored some time ago; False where nothing was stored."""
        if not self._stored:
            return False
        cursor, positions = self._stored[0]
        self.cursor, self._positions = cursor, dict(positions)
        return True
