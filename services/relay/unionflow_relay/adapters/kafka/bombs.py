"""Takes batches that would unpack to too much out of a fetch, before aiokafka unpacks them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from aiokafka.record.util import calc_crc32c

from unionflow_relay.core.unpacking import unpacks_within

MAX_UNPACKED_BYTES = 32 * 1024 * 1024
"""Of one batch. What a producer collects for one before it packs it is a megabyte or so."""
MAX_RATIO = 1_032
"""Gzip's largest. The other formats can do more, so only theirs are all counted."""
_CODEC = 0x07
_OVERHEAD = 12  # base offset and length, which the length does not count
_HEADER = 61
_OLD_HEADERS = (18, 26)  # by magic: offset, length, CRC, magic, attributes, and with 1 a timestamp
_LENGTH = struct.Struct(">i")
_MAGIC_AT, _CRC_AT, _ATTRIBUTES_AT, _LAST_DELTA_AT, _COUNT_AT = 16, 17, 21, 23, 57


class Bomb(NamedTuple):
    """A batch that is not unpacked: the offsets of its first and last record, and how many."""

    first: int
    last: int
    records: int


def defused(records: bytes) -> tuple[bytes, list[Bomb]]:
    """The batches of a fetch, with an empty one in place of each that unpacks to too much.

    The empty one has its offsets, so that nothing else changes. A batch of a format before 2 (Kafka
    0.10 and older) that unpacks to too much becomes one of format 2.
    """
    bombs: list[Bomb] = []
    kept: list[bytes] = []
    since = 0
    for start, end in _batches(records):
        if _is_safe(records, start, end):
            continue
        bomb, empty = _emptied(records[start:end])
        bombs.append(bomb)
        kept += (records[since:start], empty)
        since = end
    if not bombs:
        return records, bombs
    return b"".join([*kept, records[since:]]), bombs


def _batches(records: bytes) -> Iterator[tuple[int, int]]:
    """Where each compressed batch begins and ends. One that the fetch cut short is none."""
    start, whole, length_of = 0, len(records) - _HEADER, _LENGTH.unpack_from
    while start <= whole:
        length = length_of(records, start + 8)[0]
        end = start + _OVERHEAD + length
        if length < 0 or end > len(records):
            return
        magic = records[start + _MAGIC_AT]
        attributes = records[start + (_ATTRIBUTES_AT + 1 if magic >= 2 else _MAGIC_AT + 1)]
        if attributes & _CODEC:
            yield start, end
        start = end


def _is_safe(records: bytes, start: int, end: int) -> bool:
    magic = records[start + _MAGIC_AT]
    if magic >= 2:
        codec = records[start + _ATTRIBUTES_AT + 1] & _CODEC
        payload = records[start + _HEADER : end]
    else:
        codec = records[start + _MAGIC_AT + 1] & _CODEC
        key_at = start + _OLD_HEADERS[min(magic, 1)]
        value_at = key_at + 4 + max(0, _LENGTH.unpack_from(records, key_at)[0])
        payload = records[value_at + 4 : end]
    if codec == 1 and len(payload) * MAX_RATIO <= MAX_UNPACKED_BYTES:
        return True
    return unpacks_within(codec, payload, MAX_UNPACKED_BYTES)


def _emptied(batch: bytes) -> tuple[Bomb, bytes]:
    (base,) = struct.unpack_from(">q", batch)
    if batch[_MAGIC_AT] < 2:  # its offset is its last record's; how many there are is packed
        header = struct.pack(">qiiBIhi", base, _HEADER - _OVERHEAD, 0, 2, 0, 0, 0)
        header += struct.pack(">qqqhii", -1, -1, -1, -1, -1, 0)
        bomb = Bomb(base, base, 1)
    else:
        last_delta, count = (
            _LENGTH.unpack_from(batch, at)[0] for at in (_LAST_DELTA_AT, _COUNT_AT)
        )
        bomb = Bomb(base, base + last_delta, max(1, min(count, last_delta + 1)))
        header = batch[:_HEADER]
    empty = bytearray(header)
    _LENGTH.pack_into(empty, 8, _HEADER - _OVERHEAD)
    empty[_ATTRIBUTES_AT + 1] &= ~_CODEC & 0xFF
    _LENGTH.pack_into(empty, _COUNT_AT, 0)
    struct.pack_into(">I", empty, _CRC_AT, calc_crc32c(bytes(empty[_ATTRIBUTES_AT:])))
    return bomb, bytes(empty)
