"""Reads ranges of the past, for clients that come back later than memory reaches.

It has connections of its own: on the source's, a request would wait behind the long poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import aclosing
from typing import Any

import structlog

from unionflow_events import KafkaConnection, Rejected
from unionflow_relay.adapters.kafka.cluster import EARLIEST, LATEST, Cluster
from unionflow_relay.adapters.kafka.fetched import Decoder, Fetched
from unionflow_relay.adapters.kafka.fetching import NO_ERROR, OFFSET_OUT_OF_RANGE
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.kafka.wire import FetchById, FetchLimits, partition_answers
from unionflow_relay.core.dialects import TruncationReason
from unionflow_relay.core.following import NO_LEADER, Following
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Lost, Slice
from unionflow_relay.errors import KafkaUnavailable
from unionflow_runtime.core.backoff import Backoff

MAX_WAIT_MS = 100
MOST_FETCH_BYTES = 8 * 1024 * 1024
_MOST_PARTITION_BYTES = 1024 * 1024
log = structlog.get_logger("kafka")


class KafkaRanges:
    """One fetch at a time from each broker that is concerned."""

    def __init__(
        self, connection: KafkaConnection, following: Following, around: Surroundings
    ) -> None:
        self._connection = connection
        self._following = following
        self._around = around
        self._cluster: Cluster | None = None
        self._connecting = asyncio.Lock()
        self._backoff = Backoff(around.rng)

    async def read(
        self,
        reading: Mapping[Lane, int],
        until: Mapping[Lane, int],
        max_bytes: int = MOST_FETCH_BYTES,
    ) -> AsyncGenerator[Slice | Lost, None]:
        """What follows on `reading`, to `until` at most; the caller moves `reading` on.

        max_bytes: of one broker's answer, as it lies in the log; one batch may be more.

        A round that brings nothing, because a broker is away or a leader moves, takes a pause.
        """
        limits = FetchLimits(
            max_wait_ms=MAX_WAIT_MS,
            max_bytes=max_bytes,
            partition_max_bytes=min(max_bytes, _MOST_PARTITION_BYTES),
        )
        brought = False
        for node, asked in self._following.asked_at(reading, until).items():
            try:
                cluster = await self._connected()
                response = await cluster.send(node, FetchById(asked, limits))
                taking = self._take(cluster, node, asked, response, reading, until)
                async with aclosing(taking) as pieces:
                    async for piece in pieces:
                        brought = True
                        self._backoff.reset()
                        yield piece
            except KafkaUnavailable as problem:
                await self._disconnect()
                log.warning("replay waits for kafka", error=str(problem))
        if not brought:
            await asyncio.sleep(self._backoff.next_delay())

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        """The last stable offset of each as Kafka has it now; those nobody answers for left out."""
        found: dict[Lane, int] = {}
        led: dict[int, list[Lane]] = {}
        for lane in lanes:
            led.setdefault(self._following.leader_of(lane), []).append(lane)
        led.pop(NO_LEADER, None)
        for node, asked in led.items():
            partitions: dict[str, list[int]] = {}
            for lane in asked:
                partitions.setdefault(lane.topic, []).append(lane.partition)
            try:
                cluster = await self._connected()
                answer = await cluster.offsets(node, partitions, LATEST)
            except KafkaUnavailable as problem:
                await self._disconnect()
                log.warning("replay waits for kafka", error=str(problem))
                continue
            for lane in asked:
                if (lane.topic, lane.partition) in answer:
                    found[lane] = answer[lane.topic, lane.partition]
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._disconnect()

    async def _connected(self) -> Cluster:
        async with self._connecting:
            if self._cluster is None:
                cluster = Cluster(self._connection, "unionflow-relay-replay", self._around.rng)
                await cluster.connect()
                self._cluster = cluster
            return self._cluster

    async def _disconnect(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            await cluster.close()

    async def _take(
        self,
        cluster: Cluster,
        node: int,
        asked: Mapping[bytes, Mapping[int, int]],
        response: Any,
        reading: Mapping[Lane, int],
        until: Mapping[Lane, int],
    ) -> AsyncGenerator[Slice | Lost, None]:
        gone: list[Lane] = []
        decoder = Decoder(
            _Silent(), lambda lane, offset: reading.get(lane) == offset, log_records=False
        )
        for piece in decoder.slices(self._fetched(asked, response, until, gone)):
            for lane, next_offset in piece.progress.items():  # a batch may reach further
                piece.progress[lane] = min(next_offset, until[lane])
            yield piece
        for lane in gone:
            key = (lane.topic, lane.partition)
            found = await cluster.offsets(node, {lane.topic: [lane.partition]}, EARLIEST)
            if found.get(key, -1) > reading.get(lane, found.get(key, -1)):
                yield Lost(lane, found[key], TruncationReason.RETENTION)

    def _fetched(
        self,
        asked: Mapping[bytes, Mapping[int, int]],
        response: Any,
        until: Mapping[Lane, int],
        gone: list[Lane],
    ) -> Iterator[Fetched]:
        for answer in partition_answers(response):
            lane = self._following.lane(answer.topic_id, answer.partition)
            if lane is None:
                continue
            if answer.error_code == OFFSET_OUT_OF_RANGE:
                gone.append(lane)
            elif answer.error_code == NO_ERROR and answer.records:
                yield Fetched(
                    lane,
                    self._around.names.catalogue_name(lane.topic),
                    asked[answer.topic_id][answer.partition],
                    answer.records,
                    answer.aborted,
                    until.get(lane),
                )


class _Silent:
    """The source has counted and logged what cannot be relayed, when it was new."""

    def on_rejected(self, lane: Lane, offset: int, rejected: Rejected, records: int = 1) -> None:
        """Pass over it."""

    def on_unreadable(self, lane: Lane, offset: int, error: Exception) -> None:
        """Stay before it."""
        log.error("batch unreadable", topic=lane.topic, offset=offset, error=str(error))
