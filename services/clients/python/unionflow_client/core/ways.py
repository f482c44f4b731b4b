"""By WebSocket or by server-sent events: networks that cut the one often let the other through."""

from __future__ import annotations

from enum import StrEnum

TRIES = 3


class Way(StrEnum):
    """How a connection is made."""

    WEBSOCKET = "ws"
    EVENT_STREAM = "sse"


class Ways:
    """Which way the next try takes.

    After three WebSockets in a row that got nowhere the two alternate, until one serves.
    """

    __slots__ = ("_nowhere", "next")

    def __init__(self) -> None:
        self.next = Way.WEBSOCKET
        self._nowhere = 0

    def begin_anew(self) -> None:
        """Another network may let WebSockets through."""
        self.next = Way.WEBSOCKET
        self._nowhere = 0

    def got_nowhere(self, way: Way) -> None:
        """A try by this way ended before it reached a relay."""
        if way is Way.EVENT_STREAM:
            self.next = Way.WEBSOCKET
            return
        self._nowhere += 1
        if self._nowhere >= TRIES:
            self.next = Way.EVENT_STREAM

    def served(self, way: Way) -> None:
        """A relay said welcome by this way."""
        self.next = way
        if way is Way.WEBSOCKET:
            self._nowhere = 0
