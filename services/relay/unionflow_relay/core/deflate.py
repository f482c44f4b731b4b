"""permessage-deflate (RFC 7692) without a context that is taken over, in either direction.

So a frame is compressed once and shared by all who get it, and an idle connection keeps no window.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from unionflow_relay.core import frames
from unionflow_relay.errors import BrokenFrame

EXTENSION = "permessage-deflate"
MIN_BYTES = 256
"""Of a payload that is compressed: below it, what is saved is not worth a client's time."""
WINDOW_BITS = 12
"""Measured on events of 0.4 to 34 KB: as small as with 15 bits, in a fifth of the time."""
_MEMORY_LEVEL = 5  # measured too: setting up larger tables costs more than compressing
_LEVEL = 6
_MAX_OFFERS = 16
_TAIL = b"\x00\x00\xff\xff"  # of every message; not sent (RFC 7692 section 7.2.1)
_RSV1 = 0x40
_AFTER_FINAL = frozenset({_TAIL, b"\x00" + _TAIL})  # section 7.2.3.4


def negotiate(header: str) -> str | None:
    """The Sec-WebSocket-Extensions to answer an offer with; None where none of it can be taken.

    Its offers are tried in their order; one that is malformed or asks for more is passed over.
    """
    for offer in header.split(",", _MAX_OFFERS)[:_MAX_OFFERS]:
        name, *listed = (part.strip() for part in offer.split(";"))
        if name.lower() != EXTENSION:
            continue
        parameters = _parameters(listed)
        if parameters is not None and _can_take(parameters):
            answer = [EXTENSION, "server_no_context_takeover", "client_no_context_takeover"]
            if "server_max_window_bits" in parameters:
                answer.append(f"server_max_window_bits={WINDOW_BITS}")
            return "; ".join(answer)
    return None


def text(payload: bytes) -> bytes:
    """A text message in one frame, compressed where that makes it smaller. `payload` is UTF-8."""
    if len(payload) < MIN_BYTES:
        return frames.text(payload)
    squeezed = compress(payload)
    if len(squeezed) >= len(payload):
        return frames.text(payload)
    return frames.frame(frames.TEXT | _RSV1, squeezed)


def compress(payload: bytes) -> bytes:
    """A message's payload as RFC 7692 section 7.2.1 has it."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY_LEVEL)
    return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


def inflate(data: bytes, limit: int) -> bytes:
    """A compressed message's payload, at most `limit` bytes: a bomb is left as it is.

    Raises:
        BrokenFrame: it is no DEFLATE data (1002), or has more than `limit` bytes in it (1009).
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        payload = inflater.decompress(data + _TAIL, limit + 1)
    except zlib.error as error:
        raise BrokenFrame(1002, "a compressed message is no DEFLATE data") from error
    if len(payload) > limit:
        raise BrokenFrame(1009, "a message has at most 64 KiB, unpacked")
    if inflater.eof and inflater.unused_data not in _AFTER_FINAL:
        raise BrokenFrame(1002, "a compressed message goes on after its final block")
    return payload


def _parameters(listed: Sequence[str]) -> Mapping[str, str | None] | None:
    """An offer's parameters by name; None where one stands twice."""
    parameters: dict[str, str | None] = {}
    for parameter in listed:
        name, equals, value = (part.strip() for part in parameter.partition("="))
        if name in parameters:
            return None
        parameters[name] = value.strip('"') if equals else None
    return parameters


def _can_take(parameters: Mapping[str, str | None]) -> bool:
    """Whether every parameter is one of RFC 7692 section 7.1, and we keep to it."""
    for name, value in parameters.items():
        match name:
            case "server_no_context_takeover" | "client_no_context_takeover":
                taken = value is None
            case "client_max_window_bits":
                taken = value is None or _window_bits(value) is not None
            case "server_max_window_bits":
                bits = _window_bits(value or "")
                taken = bits is not None and bits >= WINDOW_BITS
            case _:
                taken = False
        if not taken:
            return False
    return True


def _window_bits(value: str) -> int | None:
    """8 to 15 in decimal, without leading zeros (RFC 7692 section 7.1.2)."""
    known = {str(bits): bits for bits in range(8, 16)}
    return known.get(value)
