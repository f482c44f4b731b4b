"""A fetch response, turned into slices of events as they are asked for.

Lazily, so that decoding megabytes never keeps the event loop from its clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from unionflow_events import Record, Rejected, RejectedReason, parse
from unionflow_relay.adapters.kafka.bombs import MAX_UNPACKED_BYTES, defused
from unionflow_relay.adapters.kafka.lenient import BAD_HEADER_NAME, LenientRecords
from unionflow_relay.adapters.kafka.wire import READ_COMMITTED
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed, Slice
from unionflow_relay.core.revocation import MEMBERS_TOPIC, ruling_of
from unionflow_runtime.core.traces import sampled_cause

SLICE_BYTES = 256 * 1024
REJECTED_BYTES = 64  # what a rejected record counts as, beside its value
log = structlog.get_logger("kafka")
_NOT_UTF8 = Rejected(RejectedReason.BAD_FIELD, "a header's name is no UTF-8")
_BOMB = Rejected(
    RejectedReason.UNPACKS_TOO_LARGE,
    f"a compressed batch would unpack to more than {MAX_UNPACKED_BYTES} bytes",
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One partition of a fetch response. `catalogue_topic`: the name that the audience rule takes.

    records: record batches as they lie in the log. aborted: (producer ID, first offset) of the
    transactions that were aborted in it. offset: what was asked for. until: an offset to stop
    before, None for all there is.
    """

    lane: Lane
    catalogue_topic: str
    offset: int
    records: bytes
    aborted: tuple[tuple[int, int], ...]
    until: int | None = None


class Problems(Protocol):
    """Who hears of what could not be relayed."""

    def on_rejected(self, lane: Lane, offset: int, rejected: Rejected, records: int = 1) -> None:
        """One record, or so many from `offset` on, were passed over for good."""

    def on_unreadable(self, lane: Lane, offset: int, error: Exception) -> None:
        """The batch at `offset` cannot be read; the partition stays before it."""


class Decoder:
    """Decodes each record once. traces: look for what caused it."""

    def __init__(
        self,
        problems: Problems,
        is_next: Callable[[Lane, int], bool],
        *,
        log_records: bool,
        traces: bool = False,
    ) -> None:
        self._problems = problems
        self._is_next = is_next
        self._log_records = log_records
        self._traces = traces
        self._piece = Slice()

    def slices(self, response: Iterable[Fetched]) -> Iterator[Slice]:
        """The response's committed events, after at most SLICE_BYTES (and one record) of reading.

        What is rejected counts too: judging megabytes of it would keep the clients waiting as
        long. Between two slices a topic may be given up, or another broker's response may have
        brought the same records: what is not the partition's next any more is left out.
        """
        piece = self._piece = Slice()
        for fetched in response:
            if not self._is_next(fetched.lane, fetched.offset):
                continue
            next_offset = fetched.offset
            for next_offset, relayed, size in self._events(fetched):
                if relayed is not None:
                    piece.records.append(relayed)
                piece.size += size
                if piece.size >= SLICE_BYTES:
                    piece.progress[fetched.lane] = next_offset
                    yield piece
                    piece = self._piece = Slice()
                    if not self._is_next(fetched.lane, next_offset):
                        break
            else:
                piece.progress[fetched.lane] = next_offset
        if piece.progress:
            yield piece

    def _events(self, fetched: Fetched) -> Iterator[tuple[int, Relayed | None, int]]:
        """(next offset, event, bytes read), at the end where the next fetch starts."""
        next_offset = fetched.offset
        fetched = self._without_bombs(fetched)
        problem: Exception | None = None
        for reading in (MemoryRecords, LenientRecords):
            begin = next_offset
            try:
                batches = _open(fetched, begin, reading)
                for record in batches:
                    if record.offset < begin:
                        continue  # aiokafka forgets where it was to begin after the first batch
                    if fetched.until is not None and record.offset >= fetched.until:
                        yield fetched.until, None, 0
                        return
                    next_offset = record.offset + 1
                    event = self._decode(fetched, record)
                    if event is not None:
                        yield next_offset, event, len(event.encoded)
                    else:
                        yield next_offset, None, REJECTED_BYTES + len(record.value or b"")
                yield max(next_offset, batches.next_fetch_offset), None, 0
                return
            except Exception as error:  # noqa: BLE001  # each codec has its own; none may end us
                problem = error
        if problem is not None:
            self._problems.on_unreadable(fetched.lane, next_offset, problem)
        yield next_offset, None, 0

    def _without_bombs(self, fetched: Fetched) -> Fetched:
        records, bombs = defused(fetched.records)
        for bomb in bombs:
            if bomb.last >= fetched.offset:
                self._problems.on_rejected(fetched.lane, bomb.first, _BOMB, bomb.records)
        return replace(fetched, records=records) if bombs else fetched

    def _decode(self, fetched: Fetched, record: ConsumerRecord[bytes, bytes]) -> Relayed | None:
        if record.headers == BAD_HEADER_NAME:
            self._problems.on_rejected(fetched.lane, record.offset, _NOT_UTF8)
            return None
        position = fetched.lane.position(record.offset)
        event = parse(
            Record(
                topic=fetched.catalogue_topic,
                position=position,
                timestamp_ms=record.timestamp,
                key=record.key,
                value=record.value,
                headers=record.headers,
            )
        )
        if isinstance(event, Rejected):
            self._problems.on_rejected(fetched.lane, record.offset, event)
            return None
        if self._log_records:
            log.debug(
                "record",
                topic=fetched.lane.topic,
                partition=fetched.lane.partition,
                offset=record.offset,
                type=event.event_type,
                id=event.id,
                organization=event.organization_id,
            )
        if fetched.catalogue_topic == MEMBERS_TOPIC:
            ruling = ruling_of(event, record.timestamp)
            if ruling is not None:
                self._piece.rulings.append(ruling)
        subject = next((value for name, value in record.headers if name == "ce_subject"), None)
        relayed = Relayed(event, fetched.lane, record.offset, record.timestamp, subject)
        if self._traces:
            traceparent = sampled_cause(record.headers)
            if traceparent:
                self._piece.causes[relayed] = traceparent
        return relayed


def _open(fetched: Fetched, offset: int, reading: type[Any]) -> PartitionRecords:
    return PartitionRecords(
        TopicPartition(fetched.lane.topic, fetched.lane.partition),
        reading(fetched.records),
        list(fetched.aborted),
        offset,
        key_deserializer=None,
        value_deserializer=None,
        check_crcs=True,
        isolation_level=READ_COMMITTED,
    )
