"""A fetch response, turned into slices of events as they are asked for.

Lazily, so that decoding megabytes never keeps the event loop from its clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from unionflow_events import Record, Rejected, parse
from unionflow_relay.adapters.kafka.wire import READ_COMMITTED
from unionflow_relay.core.relayed import Lane, Relayed, Slice

SLICE_BYTES = 256 * 1024
log = structlog.get_logger("kafka")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One partition of a fetch response. `catalogue_topic`: the name that the audience rule takes.

    records: record batches as they lie in the log. aborted: (producer ID, first offset) of the
    transactions that were aborted in it. offset: what was asked for.
    """

    lane: Lane
    catalogue_topic: str
    offset: int
    records: bytes
    aborted: tuple[tuple[int, int], ...]


class Problems(Protocol):
    """Who hears of what could not be relayed."""

    def on_rejected(self, lane: Lane, offset: int, rejected: Rejected) -> None:
        """One record was passed over, for good."""

    def on_unreadable(self, lane: Lane, offset: int, error: Exception) -> None:
        """The batch at `offset` cannot be read; the partition stays before it."""


class Decoder:
    """Decodes each record once."""

    def __init__(
        self, problems: Problems, follows: Callable[[Lane], bool], *, log_records: bool
    ) -> None:
        self._problems = problems
        self._follows = follows
        self._log_records = log_records

    def slices(self, response: Iterable[Fetched]) -> Iterator[Slice]:
        """The response's committed events, at most SLICE_BYTES (and one event) at a time.

        Between two slices a topic may be given up; nothing of it comes after that.
        """
        piece = Slice()
        for fetched in response:
            if not self._follows(fetched.lane):
                continue
            next_offset = fetched.offset
            for next_offset, relayed in self._events(fetched):
                if relayed is not None:
                    piece.add(relayed)
                if piece.size >= SLICE_BYTES:
                    piece.progress[fetched.lane] = next_offset
                    yield piece
                    piece = Slice()
                    if not self._follows(fetched.lane):
                        break
            else:
                piece.progress[fetched.lane] = next_offset
        if piece.progress:
            yield piece

    def _events(self, fetched: Fetched) -> Iterator[tuple[int, Relayed | None]]:
        """(next offset, event), and at the end where the next fetch starts, without an event."""
        lane = fetched.lane
        next_offset = fetched.offset
        try:
            batches = PartitionRecords(
                TopicPartition(lane.topic, lane.partition),
                MemoryRecords(fetched.records),
                list(fetched.aborted),
                fetched.offset,
                key_deserializer=None,
                value_deserializer=None,
                check_crcs=True,
                isolation_level=READ_COMMITTED,
            )
            for record in batches:
                next_offset = record.offset + 1
                yield next_offset, self._decode(fetched, record)
            next_offset = batches.next_fetch_offset
        except Exception as error:  # noqa: BLE001  # each codec raises its own kind; none may end the relay
            self._problems.on_unreadable(lane, next_offset, error)
        yield next_offset, None

    def _decode(self, fetched: Fetched, record: ConsumerRecord[bytes, bytes]) -> Relayed | None:
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
        return Relayed(event, position, record.timestamp)
