"""Record batches in which one unreadable record does not hide the others.

aiokafka reads header names as UTF-8 and gives up on the whole batch where one is not; Kafka
itself takes any bytes. This slower reading, used only then, passes over just that record.
"""

from __future__ import annotations

from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

BAD_HEADER_NAME = (("\ufffd", b""),)
"""The headers of a record whose own could not be read."""
_MAGIC_OFFSET = 16
_CURRENT_MAGIC = 2


class LenientRecords(_MemoryRecordsPy):  # type: ignore[misc]  # final to its authors' own checks
    """aiokafka's record batches, with LenientBatch in place of its own."""

    def next_batch(self) -> object:  # type: ignore[override]  # has two more arguments, unused
        """The next batch, or None after the last."""
        piece = self._next_slice
        batch = super().next_batch()
        if piece is None or piece[_MAGIC_OFFSET] < _CURRENT_MAGIC:
            return batch
        return LenientBatch(piece)


class LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # final to its authors' own checks
    """A batch whose unreadable records keep their offset, and have no value."""

    def _read_msg(self) -> _DefaultRecordPy:  # type: ignore[override]  # has one more argument
        start = self._pos
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            length, body = decode_varint(self._buffer, start)
            _, after_attributes = decode_varint(self._buffer, body)
            delta, after_time = decode_varint(self._buffer, after_attributes)
            offset_delta, _ = decode_varint(self._buffer, after_time)
            self._pos = body + length
            return _DefaultRecordPy(
                self.base_offset + offset_delta,
                self.first_timestamp + delta,
                self.timestamp_type,
                None,
                None,
                list(BAD_HEADER_NAME),
            )
