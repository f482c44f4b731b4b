"""What aiokafka leaves to its user: what errors mean, where a key goes, how a producer ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    BrokerResponseError,
    CorruptRecordException,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTimestampError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    PolicyViolationError,
    ProducerClosed,
    ProducerFenced,
    RecordListTooLargeError,
    UnknownError,
)
from aiokafka.partitioner import DefaultPartitioner

from unionflow_events.event import Event

_PARTITIONER: Final = DefaultPartitioner()
_STOP_SECONDS: Final = 1.0
_STRAGGLER_SECONDS: Final = 2.0
BATCH_BYTES: Final = 16_384
"""Of records that are sent together, before they are compressed; a larger one goes by itself."""
_BATCH_OVERHEAD: Final = 61 + 32  # of a batch, and of each of its records at most

_SPENT: Final = (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownError,  # Kafka's own words for an error of its own
)
_OF_THE_EVENT: Final = (
    CorruptRecordException,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)


def partition_of(producer: AIOKafkaProducer, topic: str, key: bytes | None, every: set[int]) -> int:
    """Where Kafka's other clients put this key too; one that has a leader where there is none."""
    reachable = producer.client.cluster.available_partitions_for_topic(topic) or ()
    partition: int = _PARTITIONER(key, sorted(every), sorted(reachable))
    return partition


def is_spent(error: KafkaError) -> bool:
    """Whether the producer is of no use any more, while another one would take the event.

    A bare KafkaError is what aiokafka makes of an error of its own.
    """
    return isinstance(error, _SPENT) or type(error) is KafkaError


@dataclass(frozen=True, slots=True)
class Ready:
    """An event on its way. where: topic and partition; size: bytes in a batch, or a few more."""

    where: tuple[str, int]
    headers: Sequence[tuple[str, bytes]]
    size: int


def ready_record(
    event: Event, where: tuple[str, int], headers: Sequence[tuple[str, bytes]]
) -> Ready:
    """The event's record, measured."""
    named = sum(len(name) + len(value) + 10 for name, value in headers)
    size = len(event.encoded) + len(event.key or b"") + named + _BATCH_OVERHEAD
    return Ready(where, headers, size)


async def stragglers(answers: Collection[asyncio.Future[Any]]) -> bool:
    """Wait for all; once the first is here, two seconds for the others. True where some are not."""
    if not answers:
        return False
    _, late = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
    if late:
        _, late = await asyncio.wait(answers, timeout=_STRAGGLER_SECONDS)
    return bool(late)


def is_of_the_event(error: KafkaError) -> bool:
    """Whether Kafka would take any other event, and never this one."""
    return isinstance(error, _OF_THE_EVENT)


def reason(error: KafkaError) -> str:
    """Kafka's own name for what it refuses, and what it means."""
    if isinstance(error, BrokerResponseError):
        return f"{error.message}: {error.description}"
    return str(error)


async def stop(producer: AIOKafkaProducer) -> None:
    """Close a producer within about two seconds, also where its broker does not answer."""
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await producer.stop()
    except TimeoutError:
        await _tear_down(producer)


async def _tear_down(producer: AIOKafkaProducer) -> None:
    """End what `AIOKafkaProducer.stop` waits for without limit: batches that no broker takes.

    It has no public way to do so, hence the private names; they are those of aiokafka 0.14.
    """
    producer._message_accumulator.fail_all(KafkaConnectionError("the producer was given up"))
    with suppress(TimeoutError):  # a socket whose other end reads no more may not close at all
        async with asyncio.timeout(_STOP_SECONDS):
            await producer.client.close()
    metadata = producer.client._md_update_fut
    if metadata is not None and not metadata.done():
        metadata.set_result(False)  # batches wait for this before they see that they have failed
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
        await asyncio.wait({sender}, timeout=_STOP_SECONDS)
