"""Ids of events: made as UUIDv7, so that they sort by time, and bounded, so that nobody's swell."""

from __future__ import annotations

from typing import Final

MAX_ID_LENGTH: Final = 256
"""Characters; of every id and of an event type."""

RANDOM_BYTES: Final = 10


def uuid7(now_ms: int, random: bytes) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) in its usual form, 36 characters.

    Args:
        now_ms: milliseconds since 1970, 0 <= now_ms < 2**48.
        random: RANDOM_BYTES bytes of chance; 74 of their bits are used.
    """
    if not 0 <= now_ms < 2**48 or len(random) != RANDOM_BYTES:
        raise ValueError(f"uuid7 takes a time of 48 bits and {RANDOM_BYTES} random bytes")
    raw = bytearray(now_ms.to_bytes(6, "big") + random)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
