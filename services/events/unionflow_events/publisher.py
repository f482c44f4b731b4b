"""Events on their way to Kafka. The only module of this package that does I/O.

A producer of aiokafka waits for ever where no broker answers, and one whose batch was refused
fails everything after it. Here each event has a deadline, and a producer that is spent is replaced.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    BrokerResponseError,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import DefaultPartitioner

from unionflow_events.catalogue import EventType
from unionflow_events.cloudevents import headers_of
from unionflow_events.connection import KafkaConnection
from unionflow_events.errors import PublishRejected, PublishTimeout
from unionflow_events.event import Event, new_event
from unionflow_events.identity import RANDOM_BYTES, uuid7
from unionflow_events.methods import Payload, PublishedEvent, PublishMethods
from unionflow_events.topics import TopicNames

log = logging.getLogger(__name__)

# lz4, since an event is written once and read by every relay, in most cases as a batch of one:
# unpacking such a batch takes 3.5 us, zstd's 12 us, and zstd would save 15 % of its bytes
# (`python -m tests.events.measure`).
_COMPRESSION: Final = "lz4"
_PARTITIONER: Final = DefaultPartitioner()
_FIRST_PAUSE: Final = 0.05  # seconds; doubled with each attempt, with full jitter
_LONGEST_PAUSE: Final = 2.0
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 1.0

_SPENT: Final = (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownError,  # Kafka's own words for an error of its own
)


@dataclass(slots=True)
class _Wait:
    """What an event is waiting for, in words for whoever reads that it waited too long."""

    what: str = ""


class EventPublisher(PublishMethods):
    """Publishes events to Kafka, in the order of the calls for each key.

        async with EventPublisher(KafkaConnection.from_environment(os.environ)) as publisher:
            await publisher.publish_member_created("m-17", "mutuelle-dakar", {"firstName": "Awa"})

    One per process, for as long as it runs; its methods may be called from many tasks at once.
    Entering it waits for nothing: Kafka may come later, and go and come again. What is not yet
    sent is bounded at 16 KiB a partition (one event, where it is larger); past that, calls wait.
    Kafka drops what its client repeats by itself; an event lies there twice, with one id, only
    where it was published again, or where its producer was replaced in the middle of it.

    Used outside its `async with`, methods raise RuntimeError.

    Args:
        connection: where Kafka is.
        topics: what its topics are called.
        source: CloudEvents' `source`, which service the events are from.
        deadline: seconds that each call has for all it waits for, connecting included.
        traceparent: asked for the W3C Trace Context of each event; None or "" for none.

    Raises:
        InvalidSetting: a certificate's file cannot be read.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        topics: TopicNames | None = None,
        source: str = "unionflow",
        deadline: float = 10.0,
        traceparent: Callable[[], str | None] | None = None,
    ) -> None:
        self._servers = connection.bootstrap_servers
        self._topics = topics or TopicNames.from_entries()
        self._source = source
        self._deadline = deadline
        self._traceparent = traceparent
        self._options: dict[str, Any] = {
            **connection.aiokafka_options(),
            "enable_idempotence": True,
            "acks": "all",
            "compression_type": _COMPRESSION,
            "linger_ms": 0,  # a batch gathers what comes while the one before is under way
            "request_timeout_ms": max(1000, int(deadline * 1000)),
        }
        self._open = False
        self._calls = 0
        self._no_calls = asyncio.Event()
        self._connecting: asyncio.Task[AIOKafkaProducer] | None = None
        self._trouble = ""
        self._queues: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stopping: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for calls under way, at most for their deadline, then close all connections.

        Events whose call timed out are given up for good.
        """
        self._open = False
        if self._calls:
            self._no_calls.clear()
            await self._no_calls.wait()
        connecting, self._connecting = self._connecting, None
        if connecting is not None:
            connecting.cancel()
            await asyncio.wait({connecting})
            if not connecting.cancelled() and connecting.exception() is None:
                await _stop(connecting.result())
        await asyncio.gather(*self._stopping)

    async def publish(
        self,
        event_type: EventType | str,
        data: Payload,
        *,
        organization_id: str | None = None,
        user_id: str | None = None,
    ) -> PublishedEvent:
        """Publish an event of any type of the catalogue; see `PublishMethods.publish`."""
        now_ms = time.time_ns() // 1_000_000
        event = new_event(
            event_type,
            data=data,
            organization_id=organization_id,
            user_id=user_id,
            id=uuid7(now_ms, os.urandom(RANDOM_BYTES)),
            timestamp_ms=now_ms,
        )
        return await self.publish_event(event)

    async def publish_event(self, event: Event) -> PublishedEvent:
        """Publish an event that `new_event` has made, for the first time or again.

        Raises:
            PublishTimeout: it was not acknowledged within the deadline; it may still arrive.
            PublishRejected: it was refused for good.
        """
        if not self._open:
            raise RuntimeError("EventPublisher is used outside its `async with`")
        wait = _Wait()
        self._calls += 1
        try:
            async with asyncio.timeout(self._deadline):
                return await self._deliver(event, wait)
        except TimeoutError as error:
            raise PublishTimeout(event, self._deadline, wait.what + self._trouble) from error
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    async def _deliver(self, event: Event, wait: _Wait) -> PublishedEvent:
        traceparent = self._traceparent() if self._traceparent else None
        headers = headers_of(event, self._source, traceparent)
        topic = self._topics.real_name(event.topic)
        attempt = 0
        while True:  # ends by its result, its error or its deadline
            producer = await self._connected(wait)
            numbered = False
            try:
                wait.what = f"the metadata of topic {topic}: does it exist?"
                partitions = await producer.partitions_for(topic)
                partition = _partition(producer, topic, event.key, partitions)
                wait.what = f"room in the buffer of topic {topic}"
                # One at a time, in the order they came: aiokafka wakes all that wait, for one
                # to win. With 1,000 callers that made 1,600 events/s of 12,000.
                async with self._queues[topic, partition]:
                    acknowledged = await producer.send(
                        topic, event.encoded, event.key, partition, headers=headers
                    )
                wait.what = f"Kafka at {self._servers} to acknowledge it"
                numbered = True
                lies = await acknowledged
            except (KafkaTimeoutError, UnknownTopicOrPartitionError):
                pass  # aiokafka has a deadline too; ours counts
            except KafkaError as error:
                # aiokafka has numbered a batch that failed, so Kafka would find a gap before
                # the next one and refuse all that follow. A new producer counts anew.
                if numbered or _is_spent(error):
                    self._replace(producer)
                if not (error.retriable or _is_spent(error)):
                    raise PublishRejected(event, _reason(error)) from error
            else:
                return PublishedEvent(event.id, lies.topic, lies.partition, lies.offset)
            await asyncio.sleep(_pause(attempt))
            attempt += 1

    async def _connected(self, wait: _Wait) -> AIOKafkaProducer:
        """The producer that all calls share. Connecting goes on when one of them gives up."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        wait.what = f"a connection to Kafka at {self._servers}"
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> AIOKafkaProducer:
        attempt = 0
        while True:  # ends with a connection, or with the publisher
            producer = AIOKafkaProducer(**self._options)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await producer.start()
            except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
                self._trouble = f" ({type(error).__name__})"
                if attempt & (attempt + 1) == 0:  # ever more rarely
                    extra = {"servers": self._servers, "attempt": attempt, "error": str(error)}
                    log.warning("Kafka not reached", extra=extra)
                await _stop(producer)
                await asyncio.sleep(_pause(attempt))
                attempt += 1
            except asyncio.CancelledError:
                await _stop(producer)
                raise
            else:
                self._trouble = ""
                return producer

    def _replace(self, producer: AIOKafkaProducer) -> None:
        """Let the next call connect anew, unless another call has seen to that."""
        task = self._connecting
        if task is not None and task.done() and task.result() is producer:
            self._connecting = None
            stopping = asyncio.create_task(_stop(producer))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)


def _partition(producer: AIOKafkaProducer, topic: str, key: bytes | None, every: set[int]) -> int:
    """Where Kafka's other clients put this key too; one that has a leader where there is none."""
    reachable = producer.client.cluster.available_partitions_for_topic(topic) or ()
    partition: int = _PARTITIONER(key, sorted(every), sorted(reachable))
    return partition


def _is_spent(error: KafkaError) -> bool:
    """Whether the producer is of no use any more, while another one would take the event.

    A bare KafkaError is what aiokafka makes of an error of its own.
    """
    return isinstance(error, _SPENT) or type(error) is KafkaError


def _reason(error: KafkaError) -> str:
    """Kafka's own name for what it refuses, and what it means."""
    if isinstance(error, BrokerResponseError):
        return f"{error.message}: {error.description}"
    return str(error)


def _pause(attempt: int) -> float:
    """Seconds before the attempt after this one; attempts count from 0."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt, 16))
    return random.uniform(0.0, longest)  # noqa: S311  # spreads load, guards nothing


async def _stop(producer: AIOKafkaProducer) -> None:
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
