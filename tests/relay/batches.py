"""Record batches as they lie in Kafka's log, for what no producer could be made to send at will."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy as BatchBuilder
from aiokafka.record.util import calc_crc32c

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
_CRC_AT, _ATTRIBUTES_AT = 17, 21
_CONTROL = 0x20
ABORT, COMMIT = 0, 1


@dataclass(frozen=True, slots=True)
class Row:
    """What one record has. Its offset follows from where its batch begins."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[Any, bytes | None]] = ()
    timestamp_ms: int = 1_700_000_000_000


class RawName:
    """A header's name in bytes that are no UTF-8, which only a foreign producer would write."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def encode(self, _encoding: str) -> bytes:
        """As the batch builder asks for it."""
        return self._raw


def batch(
    rows: Sequence[Row],
    base_offset: int = 0,
    *,
    codec: int = NONE,
    producer_id: int = -1,
    transactional: bool = False,
) -> bytes:
    """One batch (magic 2), its CRC right. With a producer ID it may be part of a transaction."""
    builder = BatchBuilder(2, codec, int(transactional), producer_id, 0, 0, 100 * 1024 * 1024)
    for number, row in enumerate(rows):
        appended = builder.append(
            number, row.timestamp_ms, row.key, row.value, headers=list(row.headers)
        )
        assert appended is not None
    return at_offset(bytes(builder.build()), base_offset)


def marker(kind: int, base_offset: int, producer_id: int) -> bytes:
    """The control batch that ends a transaction: ABORT or COMMIT."""
    key = struct.pack("!hh", 0, kind)
    raw = bytearray(
        batch([Row(b"\x00" * 6, key)], base_offset, producer_id=producer_id, transactional=True)
    )
    (attributes,) = struct.unpack_from("!h", raw, _ATTRIBUTES_AT)
    struct.pack_into("!h", raw, _ATTRIBUTES_AT, attributes | _CONTROL)
    struct.pack_into("!I", raw, _CRC_AT, calc_crc32c(bytes(raw[_ATTRIBUTES_AT:])))
    return bytes(raw)


def at_offset(raw: bytes, base_offset: int) -> bytes:
    """The same batch elsewhere in the log: the CRC does not cover where it begins."""
    return struct.pack("!q", base_offset) + raw[8:]


def corrupted(raw: bytes) -> bytes:
    """The same batch with one bit of its last record turned."""
    return raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]
