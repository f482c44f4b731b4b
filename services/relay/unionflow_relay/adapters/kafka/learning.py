"""What a new pod learns before it lets anybody in: whose rights ended while it was not there.

The members topic is read from the time of the oldest token that could still be taken to where the
source begins. It is the source's business from there on, so both may read a record: a ruling that
is learned twice is the same ruling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from unionflow_events import KafkaConnection, rfc3339
from unionflow_relay.adapters.kafka.cluster import EARLIEST, LATEST, Cluster
from unionflow_relay.adapters.kafka.ranges import KafkaRanges
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.core.coverage import Kept, Retention, covered_since
from unionflow_relay.core.following import Following
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Lost
from unionflow_relay.core.revocation import MEMBERS_TOPIC, Revocations
from unionflow_relay.errors import KafkaUnavailable
from unionflow_runtime.core.backoff import Backoff

POLL_SECONDS = 0.05
_SUBJECT = "revocations"
_ANY_TIME = 0  # ListOffsets: the first record that is not older, which is the first
log = structlog.get_logger("kafka")


class Learning:
    """Reads the members topic once. lifetime: seconds, the oldest that a token may be."""

    def __init__(
        self,
        connection: KafkaConnection,
        following: Following,
        around: Surroundings,
        revocations: Revocations,
        lifetime: float,
        wall_clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._following = following
        self._around = around
        self._revocations = revocations
        self._lifetime = lifetime
        self._now = wall_clock
        self.done = False
        around.readiness.blame(_SUBJECT, "revoked memberships are not read yet")

    async def run(self) -> None:
        """Learn, however long Kafka is away; returns when everything is known."""
        names = [name for name in self._around.names.real if self._is_members(name)]
        if not names:
            log.warning(
                "members topic is not relayed: a membership that ends is noticed by no token",
                topic=MEMBERS_TOPIC,
            )
        backoff = Backoff(self._around.rng)
        while not self._following.begun:  # noqa: ASYNC110  # several things make it so
            await asyncio.sleep(POLL_SECONDS)
        for name in names:
            while True:
                try:
                    await self._learn(name)
                    break
                except KafkaUnavailable as problem:
                    log.warning("revoked memberships wait for kafka", error=str(problem))
                    await asyncio.sleep(backoff.next_delay())
        self.done = True
        self._around.readiness.clear(_SUBJECT)

    def _is_members(self, name: str) -> bool:
        return self._around.names.catalogue_name(name) == MEMBERS_TOPIC

    async def _learn(self, name: str) -> None:
        now_ms = int(self._now() * 1000)
        moment_ms = now_ms - int(self._lifetime * 1000)
        lanes = self._following.lanes_of(name)
        cluster = Cluster(self._connection, "unionflow-relay-members", self._around.rng)
        try:
            await cluster.connect()
            kept = await self._kept(cluster, lanes, moment_ms)
            retention = await _retention(cluster, name)
        finally:
            await cluster.close()
        since = [covered_since(one, retention, moment_ms, now_ms) for one in kept.values()]
        self._hold_to(max(since, default=moment_ms), moment_ms)
        reading = {lane: one.since for lane, one in kept.items() if one.since is not None}
        await self._read(reading)
        log.info("revoked memberships read", topic=name, rulings=len(self._revocations))

    def _hold_to(self, covered_ms: int, moment_ms: int) -> None:
        if covered_ms > moment_ms:
            self._revocations.refuse_up_to(covered_ms / 1000)
            log.warning(
                "the members topic keeps less than a token's longest life: "
                "tokens issued before what it covers are refused",
                covers_since=rfc3339(covered_ms),
                needed_since=rfc3339(moment_ms),
            )

    async def _kept(
        self, cluster: Cluster, lanes: Sequence[Lane], moment_ms: int
    ) -> Mapping[Lane, Kept]:
        """What each partition has. One without a leader is waited for.

        Raises:
            KafkaUnavailable: a broker does not answer, or not for every partition.
        """
        kept = {}
        for lane in lanes:
            node = self._following.leader_of(lane)
            asked, key = {lane.topic: [lane.partition]}, (lane.topic, lane.partition)
            answers = [
                (await cluster.found(node, asked, moment)).get(key)
                for moment in (EARLIEST, LATEST, moment_ms, _ANY_TIME)
            ]
            if None in answers:
                raise KafkaUnavailable(f"{lane.topic}-{lane.partition} has no offsets to tell")
            earliest, latest, since, first = (answer for answer in answers if answer is not None)
            kept[lane] = Kept(
                earliest.offset,
                latest.offset,
                since.offset if since.offset >= 0 else None,
                first.timestamp_ms if first.offset >= 0 else None,
            )
        return kept

    async def _read(self, reading: dict[Lane, int]) -> None:
        """Take every ruling from `reading` to where the source has come by now."""
        until = {lane: self._following.next_offset(lane) for lane in reading if self._has(lane)}
        ranges = KafkaRanges(self._connection, self._following, self._around)
        try:
            while behind := {
                lane: end for lane, end in until.items() if self._has(lane) and reading[lane] < end
            }:
                async for piece in ranges.read(reading, behind):
                    if isinstance(piece, Lost):
                        reading[piece.lane] = piece.earliest
                        self._revocations.refuse_up_to(self._now())
                        continue
                    for ruling in piece.rulings:
                        self._revocations.take(ruling)
                    reading.update(piece.progress)
        finally:
            await ranges.close()

    def _has(self, lane: Lane) -> bool:
        return self._following.follows(lane)


async def _retention(cluster: Cluster, name: str) -> Retention:
    found = await cluster.settings([name], ["retention.ms", "retention.bytes"])
    values = found.found.get(name, {})
    return Retention(_number(values.get("retention.ms")), _number(values.get("retention.bytes")))


def _number(value: str | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
