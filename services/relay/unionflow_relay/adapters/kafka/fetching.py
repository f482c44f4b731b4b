"""Fetches what one broker leads, and hands it on in slices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import structlog
from aiokafka.errors import for_code

from unionflow_events import Rejected
from unionflow_relay.adapters.kafka.cluster import EARLIEST, LATEST, Cluster
from unionflow_relay.adapters.kafka.fetched import Decoder, Fetched
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.kafka.wire import FetchById, FetchLimits, partition_answers
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.following import Following
from unionflow_relay.core.lag import Progress
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.sampling import Sampler
from unionflow_relay.errors import KafkaUnavailable
from unionflow_runtime.core.backoff import Backoff

NO_ERROR = 0
OFFSET_OUT_OF_RANGE = 1
_MOVED = frozenset({3, 5, 6, 9, 56, 74, 75, 76, 78, 100, 103})  # the next look explains these
SAMPLE_SECONDS = 10.0
Asked = Mapping[bytes, Mapping[int, int]]  # topic ID -> partition -> offset
log = structlog.get_logger("kafka")


class Fetching:
    """One long poll per broker; a partition in trouble waits for the next look at the metadata."""

    def __init__(
        self, following: Following, around: Surroundings, look: Callable[[], None]
    ) -> None:
        self._following = following
        self._names = around.names
        self._sink = around.sink
        self._readiness = around.readiness
        self._metrics = around.metrics
        self._rng = around.rng
        self._look = look
        self._limits = FetchLimits()
        self._decoder = Decoder(
            self, following.is_next, log_records=around.log_records, traces=around.traces
        )
        self._ends: dict[Lane, int] = {}
        self._starts: dict[Lane, int] = {}
        self._troubled: set[Lane] = set()
        self._samples = Sampler(SAMPLE_SECONDS)

    async def run(self, cluster: Cluster, node: int) -> None:
        """Fetch from a broker until it leads nothing that may be fetched."""
        backoff = Backoff(self._rng)
        subject = f"broker {node}"
        try:
            while asked := self._following.asked_of(node):
                try:
                    response = await cluster.send(node, FetchById(asked, self._limits))
                    if response.error_code != NO_ERROR:
                        error = for_code(response.error_code).__name__
                        raise KafkaUnavailable(f"broker {node} answers {error}")
                except KafkaUnavailable as problem:
                    self._metrics.kafka_failures.labels("fetch").inc()
                    self._readiness.blame(subject, str(problem))
                    self._look()
                    await asyncio.sleep(backoff.next_delay())
                    continue
                backoff.reset()
                self._readiness.clear(subject)
                self._relieve(lane for lane in self._troubled if not self._following.follows(lane))
                await self._take(cluster, node, asked, response)
        finally:
            self._readiness.clear(subject)

    async def _take(self, cluster: Cluster, node: int, asked: Asked, response: Any) -> None:
        out_of_range: list[Lane] = []
        for piece in self._decoder.slices(self._fetched(asked, response, out_of_range)):
            self._sink.deliver(piece)
            for lane, next_offset in piece.progress.items():
                self._following.advance(lane, next_offset)
            await asyncio.sleep(0)
        if self._following.begun:
            self._readiness.clear("warming")
        for lane in out_of_range:
            await self._reposition(cluster, node, lane)

    def _fetched(self, asked: Asked, response: Any, out_of_range: list[Lane]) -> Iterator[Fetched]:
        for answer in partition_answers(response):
            lane = self._following.lane(answer.topic_id, answer.partition)
            if lane is None:
                continue
            if answer.error_code == OFFSET_OUT_OF_RANGE:
                out_of_range.append(lane)
            elif answer.error_code != NO_ERROR:
                self._on_partition_error(lane, answer.error_code)
            else:
                self._relieve(self._troubled & {lane})
                self._note_bounds(lane, answer.start, answer.end)
                if answer.records:
                    yield Fetched(
                        lane,
                        self._names.catalogue_name(lane.topic),
                        asked[answer.topic_id][answer.partition],
                        answer.records,
                        answer.aborted,
                    )

    def _on_partition_error(self, lane: Lane, code: int) -> None:
        self._following.block(lane)
        self._look()
        if code not in _MOVED:
            self._blame(lane, for_code(code).__name__)

    def _blame(self, lane: Lane, error: str) -> None:
        if lane not in self._troubled:
            log.error("partition unreadable", partition=_subject(lane), error=error)
        self._troubled.add(lane)
        self._readiness.blame(_subject(lane), f"{_subject(lane)} cannot be read: {error}")

    def _relieve(self, lanes: Iterable[Lane]) -> None:
        for lane in tuple(lanes):
            self._troubled.discard(lane)
            self._readiness.clear(_subject(lane))

    def _note_bounds(self, lane: Lane, start: int, end: int) -> None:
        if self._starts.get(lane) != start:
            self._starts[lane] = start
            self._sink.retains(lane, start)
        if lane not in self._ends:
            gauge = self._metrics.lag.labels(lane.topic, str(lane.partition))
            gauge.set_function(lambda: self._lag(lane))
        self._ends[lane] = end

    def progress(self) -> Iterator[Progress]:
        """Each partition's next offset and its end as its last fetch had it."""
        for lane, end in self._ends.items():
            if self._following.follows(lane):
                yield Progress(lane, self._following.next_offset(lane), end)

    def _lag(self, lane: Lane) -> int:
        if not self._following.follows(lane):
            return 0
        return max(0, self._ends[lane] - self._following.next_offset(lane))

    async def _reposition(self, cluster: Cluster, node: int, lane: Lane) -> None:
        """Retention passed, or an unclean election cut the log: go on where there is something."""
        asked = {lane.topic: [lane.partition]}
        key = (lane.topic, lane.partition)
        try:
            earliest = (await cluster.offsets(node, asked, EARLIEST)).get(key)
            latest = (await cluster.offsets(node, asked, LATEST)).get(key)
        except KafkaUnavailable:
            earliest = latest = None
        if earliest is None or latest is None or not self._following.follows(lane):
            self._following.block(lane)
            self._look()
            return
        requested = self._following.next_offset(lane)
        if earliest <= requested <= latest:
            self._following.block(lane)  # it can be read again: nothing is to be given up
            self._look()
            return
        retention = requested < earliest
        next_offset = earliest if retention else latest
        reason = TruncationReason.RETENTION if retention else TruncationReason.BEYOND_END
        self._following.advance(lane, next_offset)
        gap = TruncatedRange(lane.topic, lane.partition, requested, next_offset, reason)
        self._sink.skip(lane, next_offset, gap)
        log.warning("records gone", partition=_subject(lane), requested=requested, now=next_offset)

    def on_rejected(self, lane: Lane, offset: int, rejected: Rejected, records: int = 1) -> None:
        """What nobody can be given is counted, logged (a sample) and passed over."""
        self._metrics.skipped.labels(rejected.reason.value).inc(records)
        unsaid = self._samples.take(rejected.reason.value, time.monotonic())
        if unsaid is not None:
            log.warning(
                "record skipped",
                position=f"{_subject(lane)}@{offset}",
                reason=rejected.reason.value,
                detail=rejected.detail,
                not_logged=unsaid,
            )

    def on_unreadable(self, lane: Lane, offset: int, error: Exception) -> None:
        """A batch that cannot be read holds its partition, aloud: to pass it over would be loss."""
        self._following.block(lane)
        self._look()
        self._blame(lane, f"the batch at offset {offset}: {error}")


def _subject(lane: Lane) -> str:
    return f"{lane.topic}-{lane.partition}"
