"""Three brokers, whose leaders die while records are written: each comes once, and in order."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest
from confluent_kafka import ElectionType, KafkaException, TopicPartition  # type: ignore[attr-defined]  # newer than its stubs

from tests.relay.clients import PLAIN, V1, client, looked_at_twice
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, STATS, Lies, Topics, body
from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import Broker, Cluster, start_cluster

pytestmark = pytest.mark.kafka

KEYS = ("A", "B", "C")
ACKNOWLEDGED = {"acks": "all", "enable.idempotence": True, "linger.ms": 1}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers for this module; each test leaves all of them running."""
    with kafka_tier(), start_cluster(tmp_path_factory.mktemp("cluster")) as brokers:
        yield brokers


class Writer:
    """Writes events one after the other to every partition, and keeps what was acknowledged."""

    def __init__(self, topics: Topics, partitions: Sequence[int]) -> None:
        self.acknowledged: dict[int, list[str]] = {partition: [] for partition in partitions}
        self._topics = topics
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def count(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            for partition in self.acknowledged:
                ids = [f"{partition}-{number}-{n}" for n in range(20)]
                written: list[Lies] = self._topics.write(
                    MEMBERS,
                    [body(id, KEYS[partition], fill="x" * 300) for id in ids],
                    partition=partition,
                    producing=ACKNOWLEDGED if number == 0 else {},
                )
                assert len(written) == len(ids)
                self.acknowledged[partition] += ids
            number += 1


def broker_of(cluster: Cluster, node: int) -> Broker:
    return cluster.brokers[node - 1]


def bring_back(broker: Broker) -> None:
    """Start it, where it does not run."""
    broker.launch()
    broker.wait_until_ready()


def prefer_first_replicas(topics: Topics) -> None:
    """Move leadership back to where it was, as Kafka does by itself after minutes."""
    wanted = [TopicPartition(topics.prefix + MEMBERS, partition) for partition in range(3)]
    elect = topics.admin.elect_leaders  # type: ignore[attr-defined]  # newer than its stubs
    elect(ElectionType.PREFERRED, wanted).result(20)


def wait_for_another_leader(topics: Topics, than: int) -> None:
    deadline = time.monotonic() + 60
    while topics.leader(MEMBERS, 0) in {-1, than}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_no_leader(topics: Topics, partition: int) -> None:
    deadline = time.monotonic() + 60
    while topics.leader(MEMBERS, partition) != -1:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_the_leader(topics: Topics, wanted: int) -> None:
    """Elect until it leads: it has to be in sync first."""
    deadline = time.monotonic() + 60
    while topics.leader(MEMBERS, 0) != wanted:
        assert time.monotonic() < deadline
        with contextlib.suppress(KafkaException):
            prefer_first_replicas(topics)
        time.sleep(0.2)


async def test_what_the_guarantee_lacks_of_kafka_is_said_once_and_anew_when_it_comes_back(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, STATS, partitions=3, replicas=2)
    topics.configure(MEMBERS, "min.insync.replicas", "1")
    topics.configure(MEMBERS, "unclean.leader.election.enable", "true")
    names = f"{MEMBERS},{STATS}"
    settings = {**topics.settings, "UNIONFLOW_TOPICS": names}
    with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()

        def said() -> list[str]:
            lines = relay.lines("kafka does not keep what it acknowledges")
            assert {line["topic"] for line in lines} <= {topics.prefix + MEMBERS}
            return [line["concern"].split(" is ")[0] for line in lines]

        await looked_at_twice(relay)
        first = ["min.insync.replicas", "unclean.leader.election.enable"]
        assert said() == first
        topics.configure(MEMBERS, "unclean.leader.election.enable", "false")
        await looked_at_twice(relay)
        topics.configure(MEMBERS, "unclean.leader.election.enable", "true")
        await looked_at_twice(relay)
        assert said() == [*first, "unclean.leader.election.enable"]
        assert relay.reasons() == []


async def test_what_an_unclean_election_has_cut_off_is_told_to_who_is_here_and_who_comes_back(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    """A replica that was away while the last records were written leads, for want of another."""
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=1, replicas=2)
    topics.configure(MEMBERS, "min.insync.replicas", "1")
    topics.configure(MEMBERS, "unclean.leader.election.enable", "true")
    leader, other = topics.leader(MEMBERS, 0), topics.other_replica(MEMBERS, 0)
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1) as one:
            topics.write(MEMBERS, [body(f"kept-{n}", "A") for n in range(3)], partition=0)
            await one.until_events(3)
            broker_of(cluster, other).kill()
            try:
                await eventually(lambda: topics.in_sync(MEMBERS, 0) == [leader])
                tail = [body(f"cut-{n}", "A") for n in range(2)]
                await asyncio.to_thread(topics.write, MEMBERS, tail, partition=0)
                await one.until_events(5)
                cursor = one.resume
                broker_of(cluster, leader).kill()
                await asyncio.to_thread(broker_of(cluster, other).restart)
                said = await one.until("truncated")
                gap = {"topic": topics.prefix + MEMBERS, "partition": 0, "reason": "beyond-end"}
                assert said["ranges"] == [{**gap, "requested": 5, "earliest": 3}]
                async with client(relay, V1, cursor=cursor) as back:  # as if it had been away
                    told = await back.until("truncated")
                    assert told["ranges"] == said["ranges"]
                    anew = {
                        "linger.ms": 1
                    }  # a producer from before would count on from what is cut off
                    new = [body("new", "A")]
                    await asyncio.to_thread(topics.write, MEMBERS, new, partition=0, producing=anew)
                    for whose in (one, back):
                        await whose.until_event("new")
                    assert back.ids() == ["new"]
            finally:
                for lost in (leader, other):
                    await asyncio.to_thread(bring_back, broker_of(cluster, lost))
            assert one.ids() == ["kept-0", "kept-1", "kept-2", "cut-0", "cut-1", "new"]


async def test_every_acknowledged_record_comes_once_and_in_order_when_leaders_die_and_return(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=3, replicas=3)
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1) as one, client(relay, PLAIN, organization=list(KEYS)) as two:
            reading = asyncio.create_task(one.closed())
            also = asyncio.create_task(two.closed())
            with Writer(topics, range(3)) as writer:
                await eventually(lambda: writer.count() > 1_000)
                first_leader = await asyncio.to_thread(topics.leader, MEMBERS, 0)
                broker_of(cluster, first_leader).kill()
                killed_at = writer.count()
                await asyncio.to_thread(wait_for_another_leader, topics, first_leader)
                await eventually(lambda: writer.count() > killed_at + 1_000)
                await asyncio.to_thread(broker_of(cluster, first_leader).restart)
                await asyncio.to_thread(wait_for_the_leader, topics, first_leader)
                moved_at = writer.count()
                await eventually(lambda: writer.count() > moved_at + 1_000)
            expected = writer.acknowledged
            await eventually(lambda: len(one.ids()) >= writer.count())
            await eventually(lambda: len(two.ids()) >= writer.count())
            reading.cancel()
            also.cancel()
            for whose in (one, two):
                for partition, ids in expected.items():
                    assert [i for i in whose.ids() if i[0] == str(partition)] == ids
            offsets = [int(position.rsplit(".", 1)[1]) for position in one.positions]
            assert len(set(one.positions)) == len(offsets)
        await relay.until_ready()


async def test_a_partition_without_a_leader_is_named_and_the_others_are_served(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    """Its only broker is gone, so that nobody can lead it until that broker is back."""
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=3, replicas=1)
    leaders = [topics.leader(MEMBERS, partition) for partition in range(3)]
    assert len(set(leaders)) == 3
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1) as one:
            topics.write(MEMBERS, [body("before", "A")], partition=2)
            await one.until_event("before")
            lost = broker_of(cluster, leaders[2])
            lost.kill()
            try:
                await relay.until_not_ready_for("no leader", f"{topics.prefix}{MEMBERS}-2")
                await asyncio.to_thread(
                    topics.write, MEMBERS, [body("meanwhile", "A")], partition=0
                )
                await one.until_event("meanwhile")
            finally:
                await asyncio.to_thread(lost.restart)
            await relay.until_ready()
            await asyncio.to_thread(topics.write, MEMBERS, [body("after", "A")], partition=2)
            await one.until_event("after")
            assert one.ids() == ["before", "meanwhile", "after"]


async def test_a_relay_that_starts_while_a_partition_has_no_leader_names_it(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=3, replicas=1)
    lost = broker_of(cluster, topics.leader(MEMBERS, 2))
    lost.kill()
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    try:
        await asyncio.to_thread(wait_for_no_leader, topics, 2)
        with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
            await relay.until_not_ready_for("no leader", topics.prefix + MEMBERS)
            await asyncio.to_thread(lost.restart)
            await relay.until_ready()
            async with client(relay, V1) as one:
                await asyncio.to_thread(topics.write, MEMBERS, [body("after", "A")], partition=2)
                await one.until_event("after")
    finally:
        await asyncio.to_thread(lost.restart)


async def test_a_replay_goes_on_from_another_broker_when_the_leader_dies_in_its_midst(
    cluster: Cluster, topic_prefix: str, tmp_path: Path
) -> None:
    topics = Topics(cluster.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=3, replicas=3)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": MEMBERS,
        "UNIONFLOW_HISTORY_BYTES": "0",
        "UNIONFLOW_SEND_BUFFER_BYTES": str(1024 * 1024),
    }
    with RunningRelay.start(tmp_path, cluster.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1) as one:
            cursor = one.welcome["cursor"]
        ids = {partition: [f"{partition}-{n}" for n in range(3_000)] for partition in range(3)}
        for partition, own in ids.items():
            values = [body(id, KEYS[partition], fill="x" * 5_000) for id in own]
            await asyncio.to_thread(
                topics.write, MEMBERS, values, partition=partition, producing=ACKNOWLEDGED
            )
        leader = await asyncio.to_thread(topics.leader, MEMBERS, 0)
        async with client(relay, V1, cursor=cursor) as one:
            await one.until_events(500)
            broker_of(cluster, leader).kill()
            try:
                said = await one.until("recovered")
                while len(one.ids()) < 9_000:
                    await one.frame()
            finally:
                await asyncio.to_thread(broker_of(cluster, leader).restart)
        assert said["replayed"] <= 9_000
        for partition, own in ids.items():
            assert [id for id in one.ids() if id[0] == str(partition)] == own
