"""The bytes of `text/event-stream`: frames for networks that cut WebSockets.

A reader takes a block when its blank line has come, and keeps the newest `id:` for its next
`Last-Event-ID` (WHATWG HTML, section 9.2.6). An event's block is built once for everybody, a
cursor differs from client to client. So an event's block begins with the blank line that ends the
one before it, and whoever writes events ends them with a `mark`.
"""

from __future__ import annotations

LEAST_RETRY_MS = 1_000
_RETRY_STEPS = 4_000
_STRIDE = 2_473  # near the golden section of _RETRY_STEPS: neighbours lie apart


def retry_ms(number: int) -> int:
    """How long the client with this number waits before it comes back by itself: 1 to 5 s.

    A browser waits exactly so long. Clients of one relay that dies come back spread, not at once.
    """
    return LEAST_RETRY_MS + number * _STRIDE % _RETRY_STEPS


def retry(milliseconds: int) -> bytes:
    """A block that only says how long to wait before coming back."""
    return b"retry: %d\n\n" % milliseconds


def block(
    kind: str, data: bytes, *, cursor: str | None = None, retry_ms: int | None = None
) -> bytes:
    """One whole frame. `data`: JSON in one line. `cursor`: what to come back with from here on."""
    lines = [b"event: " + kind.encode(), b"data: " + data]
    if cursor is not None:
        lines.append(b"id: " + cursor.encode())
    if retry_ms is not None:
        lines.append(b"retry: %d" % retry_ms)
    return b"\n".join([*lines, b"", b""])


def open_event(event_json: bytes, position: str) -> bytes:
    """An `event` that is not ended yet: another one, or a `mark`, follows at once."""
    head = b'\nevent: event\ndata: {"type":"event","position":"' + position.encode()
    return head + b'","event":' + event_json + b"}\n"


def mark(cursor: str) -> bytes:
    """Ends the last of some events: whoever has read so far comes back with `cursor`."""
    return b"id: " + cursor.encode() + b"\n\n"
