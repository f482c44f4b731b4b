"""Follows the topics: what Kafka has is looked at again and again, and read by topic ID.

What is followed, and from where, outlives every connection: when no broker answers, the bootstrap
servers are asked anew, for ever, with a capped and jittered back-off (KIP-899).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import structlog

from unionflow_events import KafkaConnection
from unionflow_relay.adapters.kafka.cluster import Cluster
from unionflow_relay.adapters.kafka.fetching import Fetching
from unionflow_relay.adapters.kafka.looking import Looking
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.core.following import Following
from unionflow_relay.core.lag import Progress
from unionflow_relay.errors import KafkaUnavailable
from unionflow_runtime.core.backoff import Backoff
from unionflow_runtime.core.pulse import Pulse

SILENT_SECONDS = 300  # longer than every deadline of one round, with many brokers that hang
log = structlog.get_logger("kafka")


class KafkaSource:
    """All partitions of all topics, without a consumer group: every relay sees everything.

    pulse: beats whenever a round is over, also one that found no broker; heard every second.
    """

    def __init__(self, connection: KafkaConnection, around: Surroundings) -> None:
        self._connection = connection
        self._around = around
        self.following = Following(around.names.real)
        self._looking = Looking(self.following, around)
        self._fetching = Fetching(self.following, around, self._looking.ask)
        self._backoff = Backoff(around.rng)
        self.pulse = Pulse(SILENT_SECONDS)

    @property
    def begun(self) -> bool:
        """True once it is known where every topic that exists begins."""
        return self.following.begun

    def progress(self) -> Iterator[Progress]:
        """How far it has come in every partition that it has fetched of."""
        return self._fetching.progress()

    def look(self) -> None:
        """Look at Kafka's topics soon."""
        self._looking.ask()

    async def run(self) -> None:
        """Read for ever. Only a bug or cancellation ends it."""
        while True:
            cluster = Cluster(self._connection, "unionflow-relay", self._around.rng)
            try:
                await cluster.connect()
                problem = await self._read(cluster)
            except KafkaUnavailable as error:
                problem = error
            finally:
                await cluster.close()
            self.pulse.beat()
            self._around.metrics.kafka_failures.labels("metadata").inc()
            self._around.readiness.blame("kafka", str(problem))
            log.warning("kafka unavailable", error=str(problem))
            await asyncio.sleep(self._backoff.next_delay())

    async def _read(self, cluster: Cluster) -> KafkaUnavailable:
        """Look and fetch until no broker answers; returns what was said then."""
        fetchers: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    await self._looking.look(cluster)
                    self.pulse.beat()
                    self._around.readiness.clear("kafka")
                    self._backoff.reset()
                    for node in self.following.leading_nodes():
                        if node not in fetchers or fetchers[node].done():
                            fetchers[node] = group.create_task(self._fetching.run(cluster, node))
                    await self._looking.wait()
            except KafkaUnavailable as problem:
                for fetcher in fetchers.values():
                    fetcher.cancel()
                return problem
