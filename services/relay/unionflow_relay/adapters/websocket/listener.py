"""A client of server-sent events: it listens, and has nothing to say after its request.

To the hub it is a peer like any other. It cannot answer a heartbeat, so none is missed: that its
network is gone, the kernel finds out (`TCP_USER_TIMEOUT`), or its buffer does, which fills.
"""

from __future__ import annotations

import asyncio

from unionflow_relay.adapters.websocket.peer import CLOSE_GRACE_SECONDS, Owner, Peer
from unionflow_relay.core import dialects, event_stream
from unionflow_relay.core.dialects import Dialect

MAX_IGNORED_BYTES = 65_536  # of a body that its request should not have
_NO_MORE = "a request for events has no body"
_GONE = 1000


class Listener(Peer):
    """A stream that is open. `retry_ms`: when the client may come back by itself."""

    __slots__ = ("_ignored", "_retry_ms")

    def __init__(self, owner: Owner, transport: asyncio.Transport, retry_ms: int) -> None:
        super().__init__(owner, transport, Dialect.SSE)
        self._ignored = 0
        self._retry_ms = retry_ms

    @property
    def preface(self) -> bytes:
        """The stream's first bytes: they come at once, so that whatever waits for some has them."""
        return event_stream.retry(self._retry_ms)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client, which are of no use to anybody."""
        self._ignored += len(data)
        if self._ignored > MAX_IGNORED_BYTES:
            self.transport.pause_reading()
            self.close(1009, _NO_MORE)

    def eof_received(self) -> None:
        """The client has hung up: its goodbye, since it has no close frame to send."""
        if not self.closing:
            self._code = _GONE
            self._owner.on_leaving(self)
            self._expect_by(CLOSE_GRACE_SECONDS, self.transport.abort)

    def on_heartbeat(self, frame: bytes) -> None:
        """A heartbeat period has passed: write `frame`."""
        if not self.closing and not self.paused:
            self.write(frame)

    def close(self, code: int, reason: str) -> None:
        """Say why, and end the stream; who has not read that by CLOSE_GRACE_SECONDS is cut off.

        What it waits before it comes back is said again: a drain's `reconnect` had its own.
        """
        if self.closing:
            return
        self._code = code
        self._owner.on_leaving(self)
        self.write(dialects.closing(code, reason, self._retry_ms))
        self._expect_by(CLOSE_GRACE_SECONDS, self.transport.abort)
        self.transport.close()
