"""Reads a client's frames out of a byte stream, and takes RFC 6455 section 5.2 at its word.

A reader exists only while a frame is incomplete: an idle connection keeps none. A header is judged
as soon as it is there, so that what it announces is never waited for in vain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from websockets.frames import (  # type: ignore[attr-defined]  # apply_mask: C where it was built
    Opcode,
    apply_mask,
)

from unionflow_relay.core.frames import MAX_CONTROL_PAYLOAD
from unionflow_relay.core.session import MAX_MESSAGE_BYTES
from unionflow_relay.errors import BrokenFrame

_FIN, _RSV1, _RSV2_AND_3, _OPCODE = 0x80, 0x40, 0x30, 0x0F
_MASKED, _LENGTH = 0x80, 0x7F
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # the length is in so many bytes that follow
_MASK_BYTES = 4
_OPCODES = {int(opcode): opcode for opcode in Opcode}
_FIRST_CONTROL = 0x08


class ClientFrame(NamedTuple):
    """One frame, unmasked. compressed: RSV1, which begins a message of RFC 7692."""

    opcode: Opcode
    data: bytes
    fin: bool
    compressed: bool


class FrameReader:
    """Bytes in, whole frames out, each checked by itself (not as a part of its message).

    deflate: whether permessage-deflate was negotiated, which gives RSV1 its meaning.
    """

    __slots__ = ("_buffer", "_deflate")

    def __init__(self, *, deflate: bool = False) -> None:
        self._deflate = deflate
        self._buffer = bytearray()

    @property
    def idle(self) -> bool:
        """True when no frame is incomplete, so that the reader may be dropped."""
        return not self._buffer

    def feed(self, data: bytes) -> Iterator[ClientFrame]:
        """The frames that `data` completes.

        Raises:
            BrokenFrame: the bytes break the protocol, or announce more than MAX_MESSAGE_BYTES.
        """
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> ClientFrame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        opcode = _judge(first, second, deflate=self._deflate)
        length, start = second & _LENGTH, 2
        if length >= _TWO_BYTES:
            start = 4 if length == _TWO_BYTES else 10
            if len(buffer) < start:
                return None
            length = _extended(length, int.from_bytes(buffer[2:start], "big"))
        if length > MAX_MESSAGE_BYTES:
            raise BrokenFrame(1009, "a message has at most 64 KiB")
        end = start + _MASK_BYTES + length
        if len(buffer) < end:
            return None
        mask = bytes(buffer[start : start + _MASK_BYTES])
        data = apply_mask(bytes(buffer[start + _MASK_BYTES : end]), mask)
        del buffer[:end]
        return ClientFrame(opcode, data, bool(first & _FIN), bool(first & _RSV1))


def _judge(first: int, second: int, *, deflate: bool) -> Opcode:
    """Judge a header's two first bytes; what the frame is."""
    opcode = _OPCODES.get(first & _OPCODE)
    if opcode is None:
        raise BrokenFrame(1002, f"opcode {first & _OPCODE} is reserved")
    may_be_compressed = deflate and opcode in {Opcode.TEXT, Opcode.BINARY}
    if first & _RSV2_AND_3 or (first & _RSV1 and not may_be_compressed):
        raise BrokenFrame(1002, "a reserved bit is set")
    if not second & _MASKED:
        raise BrokenFrame(1002, "a client's frames are masked")
    if opcode >= _FIRST_CONTROL:
        if not first & _FIN:
            raise BrokenFrame(1002, "a control frame is not fragmented")
        if second & _LENGTH > MAX_CONTROL_PAYLOAD:
            raise BrokenFrame(1002, "a control frame has at most 125 bytes")
    return opcode


def _extended(code: int, length: int) -> int:
    """Judge a length that stands in the 2 or 8 bytes after the header."""
    if length >> 63:
        raise BrokenFrame(1002, "a length has at most 63 bits")
    if length < (_TWO_BYTES if code == _TWO_BYTES else 0x10000):
        raise BrokenFrame(1002, "a length is written in the fewest bytes")
    return length
