"""RFC 6455 frames that a server writes: unmasked, unfragmented, built once and shared.

`reading` is the other direction, and `deflate` what may be done to a payload.
"""

from __future__ import annotations

import struct

TEXT = 0x81
CLOSE = 0x88
PING = 0x89
PONG = 0x8A

MAX_CONTROL_PAYLOAD = 125


def frame(first_byte: int, payload: bytes) -> bytes:
    """One whole frame (RFC 6455 section 5.2). `first_byte` is FIN and the opcode."""
    size = len(payload)
    if size < 126:
        return bytes((first_byte, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", first_byte, 126, size) + payload
    return struct.pack("!BBQ", first_byte, 127, size) + payload


def text(payload: bytes) -> bytes:
    """A text message in one frame. `payload` must be UTF-8."""
    return frame(TEXT, payload)


def close(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what a control frame holds, at a character's end."""
    encoded = reason.encode()[: MAX_CONTROL_PAYLOAD - 2].decode(errors="ignore").encode()
    return frame(CLOSE, struct.pack("!H", code) + encoded)


PING_FRAME = frame(PING, b"")
