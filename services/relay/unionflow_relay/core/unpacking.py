"""How large a compressed record batch gets, told before it is unpacked.

Whoever may write to a topic can write a megabyte that unpacks to gigabytes. The formats say in
their block headers how much a block gives at most, so that is summed up without unpacking; gzip
alone says nothing, and is unpacked piece by piece into nothing. What is malformed ends the sum:
the decoder stops at the same place.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
_MAX_DEFLATE_RATIO = 1_032
_MAX_PARTS = 65_536  # blocks and members: more of them is refused, whatever they give
_PIECE = 1 << 20
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16
_LZ4_FRAME, _ZSTD_FRAME = 0x184D2204, 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_ZSTD_BLOCK = 128 * 1024


def unpacks_within(codec: int, payload: bytes, limit: int) -> bool:
    """Whether a batch's compressed records surely unpack to `limit` bytes, or a block more.

    codec: as a batch's attributes have it. One that is not known is nobody's to unpack.
    """
    count = _COUNTS.get(codec)
    if count is None:
        return True
    tally = _Tally(limit)
    try:
        count(payload, tally)
    except _Exceeded:
        return False
    except (struct.error, IndexError):
        pass  # cut short: the decoder refuses it where this stopped
    return True


class _Exceeded(Exception):  # no error: an answer, from deep within
    """More than the limit, or in too many parts."""


class _Tally:
    """Adds up. `limit`: bytes."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._parts = _MAX_PARTS

    def add(self, size: int) -> None:
        """One more part. Raises _Exceeded where it is too much."""
        self._parts -= 1
        if self._left < 0 or self._parts < 0:
            raise _Exceeded
        self._left -= size

    def end(self) -> None:
        """No more follow: what came last, which is whole for once, counts too."""
        if self._left < 0:
            raise _Exceeded


def _count_gzip(payload: bytes, tally: _Tally) -> None:
    rest = payload
    for _ in range(64):  # members; nobody writes more than one
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not inflater.eof:
            try:
                piece = inflater.decompress(rest, _PIECE)
            except zlib.error:
                return
            tally.add(len(piece))
            tally.end()
            rest = inflater.unconsumed_tail
            if not piece and not rest:
                return
        rest = inflater.unused_data
        if not rest:
            return
    raise _Exceeded


def _count_snappy(payload: bytes, tally: _Tally) -> None:
    if not payload.startswith(_XERIAL) or len(payload) <= _XERIAL_HEADER:
        tally.add(_varint(payload, 0))
        tally.end()
        return
    at = _XERIAL_HEADER
    while at < len(payload):
        (size,) = struct.unpack_from("!i", payload, at)
        if size < 0:
            return
        tally.add(_varint(payload, at + 4))
        tally.end()
        at += 4 + size


def _varint(data: bytes, at: int) -> int:
    value = 0
    for shift in range(0, 35, 7):
        byte = data[at + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value


def _count_lz4(payload: bytes, tally: _Tally) -> None:
    """See https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md."""
    at = 0
    while at < len(payload):
        (magic,) = struct.unpack_from("<I", payload, at)
        if magic in _SKIPPABLE:
            at += 8 + struct.unpack_from("<I", payload, at + 4)[0]
            tally.add(0)
            continue
        if magic != _LZ4_FRAME:
            return
        flags, descriptor = payload[at + 4], payload[at + 5]
        block_bytes = 1 << (8 + 2 * (descriptor >> 4 & 7))  # 4 to 7: 64 KiB to 4 MiB
        at += 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
        while size := struct.unpack_from("<I", payload, at)[0]:
            stored, size = size >> 31, size & 0x7FFFFFFF
            tally.add(size if stored else block_bytes)
            at += 4 + size + (4 if flags & 0x10 else 0)
        at += 4 + (4 if flags & 0x04 else 0)


def _count_zstd(payload: bytes, tally: _Tally) -> None:
    """See RFC 8878 section 3.1.1."""
    at = 0
    while at < len(payload):
        (magic,) = struct.unpack_from("<I", payload, at)
        if magic in _SKIPPABLE:
            at += 8 + struct.unpack_from("<I", payload, at + 4)[0]
            tally.add(0)
            continue
        if magic != _ZSTD_FRAME:
            return
        descriptor = payload[at + 4]
        single = descriptor >> 5 & 1
        sizes = ((1 if single else 0), 2, 4, 8)[descriptor >> 6]
        at += 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + sizes
        last = 0
        while not last:
            header = int.from_bytes(payload[at : at + 3], "little")
            last, kind, size = header & 1, header >> 1 & 3, header >> 3
            if len(payload) < at + 3 or kind == 3:
                return
            tally.add(min(size, _ZSTD_BLOCK) if kind < 2 else _ZSTD_BLOCK)
            at += 3 + (1 if kind == 1 else size)
        at += 4 if descriptor & 4 else 0


_COUNTS: Mapping[int, Callable[[bytes, _Tally], None]] = {
    GZIP: _count_gzip,
    SNAPPY: _count_snappy,
    LZ4: _count_lz4,
    ZSTD: _count_zstd,
}
