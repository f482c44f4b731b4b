"""Events on their way to Kafka. With its producers, all of this package that does I/O.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError

from unionflow_events.catalogue import EventType
from unionflow_events.cloudevents import headers_of
from unionflow_events.connection import KafkaConnection
from unionflow_events.errors import PublishRejected, PublishTimeout
from unionflow_events.event import Event, new_event
from unionflow_events.identity import RANDOM_BYTES, uuid7
from unionflow_events.methods import Payload, PublishedEvent, PublishMethods
from unionflow_events.ordering import OrderedRun, Outcome
from unionflow_events.producers import (
    BATCH_BYTES,
    Ready,
    is_of_the_event,
    is_spent,
    partition_of,
    ready_record,
    reason,
    stop,
    stragglers,
)
from unionflow_events.topics import TopicNames

log = logging.getLogger(__name__)

# lz4, since an event is written once and read by every relay, in most cases as a batch of one:
# unpacking such a batch takes 3.5 us, zstd's 12 us, and zstd would save 15 % of its bytes
# (`python -m tests.events.measure`).
_COMPRESSION: Final = "lz4"
_FIRST_PAUSE: Final = 0.05  # seconds; doubled with each attempt, with full jitter
_LONGEST_PAUSE: Final = 2.0
_START_SECONDS: Final = 30.0
_METADATA_SECONDS: Final = 1.0  # for a topic that is not known, where events of others wait too

_TO_WAIT_OUT: Final = (KafkaTimeoutError, UnknownTopicOrPartitionError)


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
        traceparent: asked for the W3C Trace Context of events without one; None or "" for none.

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
            "max_batch_size": BATCH_BYTES,
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
                await stop(connecting.result())
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
        wait = _Wait()
        with self._call():
            try:
                async with asyncio.timeout(self._deadline):
                    return await self._deliver(event, wait)
            except TimeoutError as error:
                raise self._late(event, wait) from error

    async def publish_in_order(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Publish many events at once, so that those of one key lie in the order given here.

        That order is of their first copies: where a call before was not acknowledged in time, some
        may lie there again, each with its own id. All share one deadline.

        Returns what came of each, in the same order. An event after one that is refused is sent
        all the same; one after an event that had no answer is not. A topic or a broker that does
        not answer while others do is not waited for until the deadline.
        """
        run, wait = OrderedRun(events), _Wait()
        with self._call(), suppress(TimeoutError):
            async with asyncio.timeout(self._deadline):
                await self._deliver_all(run, wait)
        return run.outcomes(lambda event: self._late(event, wait))

    @contextmanager
    def _call(self) -> Iterator[None]:
        if not self._open:
            raise RuntimeError("EventPublisher is used outside its `async with`")
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._no_calls.set()

    def _late(self, event: Event, wait: _Wait) -> PublishTimeout:
        return PublishTimeout(event, self._deadline, wait.what + self._trouble)

    async def _deliver(self, event: Event, wait: _Wait) -> PublishedEvent:
        attempt = 0
        while True:  # ends by its result, its error or its deadline
            producer = await self._connected(wait)
            numbered = False
            try:
                ready = await self._prepare(producer, event, wait)
                acknowledged = await self._put(producer, event, ready, wait)
                wait.what = f"Kafka at {self._servers} to acknowledge it"
                numbered = True
                lies = await acknowledged
            except _TO_WAIT_OUT:
                pass  # aiokafka has a deadline too; ours counts
            except KafkaError as error:
                refusal = self._judge(producer, event, error, numbered=numbered)
                if refusal is not None:
                    raise refusal from error
            else:
                return PublishedEvent(event.id, lies.topic, lies.partition, lies.offset)
            await asyncio.sleep(_pause(attempt))
            attempt += 1

    async def _deliver_all(self, run: OrderedRun, wait: _Wait) -> None:
        ready: dict[int, Ready] = {}
        attempt = 0
        while due := run.due():  # ends with all outcomes, with what holds nobody up, or in time
            producer = await self._connected(wait)
            sent: dict[int, asyncio.Future[Any]] = {}
            late = True
            try:
                await self._send_all(producer, run, due, ready, sent, wait)
                wait.what = f"Kafka at {self._servers} to acknowledge it"
                late = await stragglers(sent.values())
            finally:
                progress = self._note_all(producer, run, due, sent)
                if late:  # what lies in its buffer would come between what is sent next
                    self._replace(producer)
            if late or (run.has_begun and not progress):
                return
            attempt = 0 if progress else attempt + 1
            if not progress:
                await asyncio.sleep(_pause(attempt))

    async def _send_all(
        self,
        producer: AIOKafkaProducer,
        run: OrderedRun,
        due: Sequence[tuple[int, Event]],
        ready: dict[int, Ready],
        sent: dict[int, asyncio.Future[Any]],
        wait: _Wait,
    ) -> None:
        """Hand them to the producer; after one that it does not take, no other of its topic.

        At most a batch for each partition: where Kafka refuses one, it may take the next, which
        would then lie before what was refused.
        """
        stuck: set[str] = set()
        room: dict[tuple[str, int], int] = {}
        for place, event in due:
            if event.topic in stuck:
                continue
            try:
                one = ready.get(place)
                if one is None:
                    async with asyncio.timeout(_METADATA_SECONDS):
                        one = ready[place] = await self._prepare(producer, event, wait)
                left = room.get(one.where, max(one.size, BATCH_BYTES))
                room[one.where] = left - one.size if left >= one.size else 0
                if left >= one.size:
                    sent[place] = await self._put(producer, event, one, wait)
            except TimeoutError:
                stuck.add(event.topic)
            except KafkaError as error:
                stuck.add(event.topic)
                if not isinstance(error, _TO_WAIT_OUT):
                    refusal = self._judge(producer, event, error, numbered=False)
                    if refusal is not None:
                        run.refused(place, refusal)

    def _note_all(
        self,
        producer: AIOKafkaProducer,
        run: OrderedRun,
        due: Sequence[tuple[int, Event]],
        sent: dict[int, asyncio.Future[Any]],
    ) -> bool:
        """Tell the run what is known; whether that is anything that moves it on."""
        progress = False
        for place, event in due:
            future = sent.get(place)
            if future is None or future.cancel():  # nobody waits for its answer any more
                continue
            error = future.exception()
            if error is None:
                lies = future.result()
                run.took(place, PublishedEvent(event.id, lies.topic, lies.partition, lies.offset))
                progress = True
            elif not isinstance(error, KafkaError):
                raise error
            elif not isinstance(error, _TO_WAIT_OUT):
                refusal = self._judge(producer, event, error, numbered=True)
                if refusal is not None:
                    run.refused(place, refusal)
                    progress = True
        return progress

    async def _prepare(self, producer: AIOKafkaProducer, event: Event, wait: _Wait) -> Ready:
        """Find the partition for it, once its topic is known."""
        topic = self._topics.real_name(event.topic)
        wait.what = f"the metadata of topic {topic}: does it exist?"
        partitions = await producer.partitions_for(topic)
        where = topic, partition_of(producer, topic, event.key, partitions)
        traceparent = event.traceparent or (self._traceparent() if self._traceparent else None)
        return ready_record(event, where, headers_of(event, self._source, traceparent))

    async def _put(
        self, producer: AIOKafkaProducer, event: Event, ready: Ready, wait: _Wait
    ) -> asyncio.Future[Any]:
        """Put an event into the producer's buffer; the future is Kafka's answer."""
        topic, partition = ready.where
        wait.what = f"room in the buffer of topic {topic}"
        # One at a time, in the order they came: aiokafka wakes all that wait, for one
        # to win. With 1,000 callers that made 1,600 events/s of 12,000.
        async with self._queues[ready.where]:
            answer: asyncio.Future[Any] = await producer.send(
                topic, event.encoded, event.key, partition, headers=ready.headers
            )
        return answer

    def _judge(
        self, producer: AIOKafkaProducer, event: Event, error: KafkaError, *, numbered: bool
    ) -> PublishRejected | None:
        """The refusal that an error is; None where another try may help."""
        # aiokafka has numbered a batch that failed, so Kafka would find a gap before
        # the next one and refuse all that follow. A new producer counts anew.
        if numbered or is_spent(error):
            self._replace(producer)
        if error.retriable or is_spent(error):
            return None
        return PublishRejected(event, reason(error), of_event=is_of_the_event(error))

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
                await stop(producer)
                await asyncio.sleep(_pause(attempt))
                attempt += 1
            except asyncio.CancelledError:
                await stop(producer)
                raise
            else:
                self._trouble = ""
                return producer

    def _replace(self, producer: AIOKafkaProducer) -> None:
        """Let the next call connect anew, unless another call has seen to that."""
        task = self._connecting
        if task is not None and task.done() and task.result() is producer:
            self._connecting = None
            stopping = asyncio.create_task(stop(producer))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)


def _pause(attempt: int) -> float:
    """Seconds before the attempt after this one; attempts count from 0."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt, 16))
    return random.uniform(0.0, longest)  # noqa: S311  # spreads load, guards nothing
