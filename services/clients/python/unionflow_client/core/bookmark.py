"""Where a client is in the stream: a cursor, and what came since, neither of them taken apart."""

from __future__ import annotations


class Bookmark:
    """The newest cursor, and per partition the newest position since it.

    The positions are bounded by the number of partitions, and a new cursor empties them.
    """

    __slots__ = ("_cursor", "_positions")

    def __init__(self) -> None:
        self._cursor: str | None = None
        self._positions: dict[str, str] = {}

    def on_cursor(self, cursor: str) -> None:
        """A cursor covers everything before it."""
        self._cursor = cursor
        self._positions.clear()

    def on_position(self, position: str) -> None:
        """What is before a position's last dot names its partition."""
        self._positions[position.rpartition(".")[0]] = position

    def forget(self) -> None:
        """Begin as at a first start."""
        self._cursor = None
        self._positions.clear()

    def text(self) -> str | None:
        """What to resume with; None: nothing is known yet."""
        if self._cursor is None:
            return None
        return "~".join([self._cursor, *self._positions.values()])
