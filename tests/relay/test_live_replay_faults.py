"""What goes wrong while clients are away or catch up: told exactly, and the rest comes whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.relay.clients import (
    PLAIN,
    V1,
    Client,
    client,
    offsets_in,
    raw_client,
    relayed,
    request_head,
    until_closes,
)
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, STATS, Topics, body

pytestmark = pytest.mark.kafka

MEGABYTE = 1024 * 1024
STALL_SECONDS = 10


@pytest.fixture(params=["memory", "kafka"])
def source(request: pytest.FixtureRequest) -> str:
    """Where replays come from."""
    return str(request.param)


@pytest.fixture
def pod(source: str, topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay of two topics with two partitions each, with the least buffer that may be set."""
    topics.create(MEMBERS, STATS, partitions=2)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": f"{MEMBERS},{STATS}",
        "UNIONFLOW_SEND_BUFFER_BYTES": str(MEGABYTE),
    }
    if source == "kafka":
        settings["UNIONFLOW_HISTORY_BYTES"] = "0"
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def events(first: int, count: int, fill: int = 0) -> list[bytes]:
    return [body(f"{n}", "A", fill="x" * fill) for n in range(first, first + count)]


async def first_cursor(pod: RunningRelay) -> str:
    async with client(pod, organization="A") as one:
        return str(one.welcome["cursor"])


async def write(
    pod: RunningRelay, topics: Topics, values: list[bytes], name: str = MEMBERS, partition: int = 0
) -> None:
    lies = await asyncio.to_thread(topics.write, name, values, partition=partition)
    await relayed(pod, topics, lies)


def a_range(
    topic: str | None, partition: int, requested: int, earliest: int, reason: str
) -> Mapping[str, Any]:
    return {
        "topic": topic,
        "partition": partition,
        "requested": requested,
        "earliest": earliest,
        "reason": reason,
    }


def numbers(one: Client) -> list[int]:
    return [int(id) for id in one.ids()]


# Retention


async def test_what_retention_took_while_a_client_was_away_is_told_exactly(
    pod: RunningRelay, topics: Topics
) -> None:
    """Memory may still have it or not: Kafka's word counts, for every pod alike."""
    cursor = await first_cursor(pod)
    await write(pod, topics, events(0, 20))
    topics.delete_records(MEMBERS, 0, 12)
    await write(pod, topics, events(20, 1))  # its answer says where the log begins now
    id = topics.short_id(MEMBERS)
    truncated = pod.metric("replays_total", verdict="truncated")
    async with client(pod, organization="A", cursor=f"{cursor}~{id}.0.4") as one:
        assert offsets_in(one.welcome["cursor"])[id, 0] == 5
        said = await one.frame()
        assert said["ranges"] == [a_range(topics.prefix + MEMBERS, 0, 5, 12, "retention")]
        assert offsets_in(said["cursor"])[id, 0] == 12
        assert (await one.until("recovered"))["replayed"] == 9
        assert numbers(one) == list(range(12, 21))
    assert pod.metric("replays_total", verdict="truncated") == truncated + 1


@pytest.mark.parametrize("source", ["kafka"], indirect=True)
async def test_what_retention_takes_during_a_replay_is_told_exactly(
    pod: RunningRelay, topics: Topics
) -> None:
    cursor = await first_cursor(pod)
    await write(pod, topics, events(0, 3_000, 10_000))
    async with client(pod, organization="A", cursor=cursor) as one:
        await one.until_events(1)
        topics.delete_records(MEMBERS, 0, 2_700)
        said = await one.until("truncated")
        came = len(one.events)
        assert 0 < came < 2_700
        assert said["ranges"] == [a_range(topics.prefix + MEMBERS, 0, came, 2_700, "retention")]
        await one.until("recovered")
        assert numbers(one) == [*range(came), *range(2_700, 3_000)]


async def test_earliest_is_all_that_kafka_retains_and_nothing_is_missing_of_it(
    pod: RunningRelay, topics: Topics
) -> None:
    await write(pod, topics, events(0, 20))
    topics.delete_records(MEMBERS, 0, 7)
    await write(pod, topics, events(20, 1))
    async with client(pod, organization="A", cursor="earliest") as one:
        assert offsets_in(one.welcome["cursor"])[topics.short_id(MEMBERS), 0] == 7
        said = await one.frame()
        while said["type"] == "event":
            said = await one.frame()
        assert (said["type"], said["replayed"]) == ("recovered", 14)
        assert numbers(one) == list(range(7, 21))


@pytest.mark.parametrize("source", ["kafka"], indirect=True)
async def test_earliest_on_a_pod_that_has_just_started_is_no_truncation(
    pod: RunningRelay, topics: Topics, tmp_path: Path
) -> None:
    await write(pod, topics, events(0, 20))
    topics.delete_records(MEMBERS, 0, 7)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": MEMBERS,
        "UNIONFLOW_HISTORY_BYTES": "0",
    }
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as fresh:
        fresh.wait_until_ready()
        async with client(fresh, organization="A", cursor="earliest") as one:
            assert offsets_in(one.welcome["cursor"])[topics.short_id(MEMBERS), 0] == 7
            await one.until_events(13)
            assert numbers(one) == list(range(7, 20))


# Topics and partitions


async def test_a_topic_made_again_while_a_client_was_away_is_told_and_then_read_whole(
    pod: RunningRelay, topics: Topics
) -> None:
    async with client(pod, organization="A") as one:
        topics.write(MEMBERS, events(0, 5), partition=1)
        await one.until_events(5)
    old = topics.short_id(MEMBERS)
    topics.delete(MEMBERS)
    topics.create_with(MEMBERS, 2)
    topics.write(MEMBERS, events(100, 30), partition=0)
    await eventually(lambda: pod.lines("topic gone"))
    async with client(pod, organization="A", cursor=one.resume) as back:
        assert old in back.welcome["cursor"]  # cut off here, it will be told the next time
        said = await back.frame()
        assert said["type"] == "truncated"
        told = [r for r in said["ranges"] if r["reason"] == "topic-replaced"]
        assert [(r["partition"], r["requested"]) for r in told] == [(0, 0), (1, 5)]
        assert old not in said["cursor"]
        await back.until_events(30)
        assert numbers(back) == list(range(100, 130))


async def test_a_topic_made_again_during_a_replay_is_told_and_the_others_go_on(
    pod: RunningRelay, topics: Topics
) -> None:
    cursor = await first_cursor(pod)
    await write(pod, topics, events(0, 2_000, 10_000))
    await write(pod, topics, events(50_000, 50), STATS)
    async with client(pod, organization="A", cursor=cursor) as one:
        await one.until_events(100)
        topics.delete(MEMBERS)
        topics.create_with(MEMBERS, 2)
        topics.write(MEMBERS, events(9_000, 40), partition=1)
        said = await one.until("truncated")
        came = [n for n in numbers(one) if n < 9_000]
        assert came == list(range(len(came)))
        told = {(r["topic"], r["partition"], r["requested"]) for r in said["ranges"]}
        assert told == {(topics.prefix + MEMBERS, 0, len(came)), (topics.prefix + MEMBERS, 1, 0)}
        while not {9_039, 50_049} <= set(numbers(one)):
            await one.frame()
        assert sorted(set(numbers(one)) - set(came)) == [
            *range(9_000, 9_040),
            *range(50_000, 50_050),
        ]
        assert len(one.ids()) == len(set(one.ids()))


async def test_partitions_added_while_a_client_was_away_are_read_from_their_beginning(
    pod: RunningRelay, topics: Topics
) -> None:
    cursor = await first_cursor(pod)
    topics.grow(MEMBERS, 4)
    for partition in range(4):
        topics.write(MEMBERS, events(partition * 10, 10), partition=partition)
    await eventually(lambda: any(line["first"] == 2 for line in pod.lines("topic followed")))
    async with client(pod, organization="A", cursor=cursor) as one:
        while not set(range(40)) <= set(numbers(one)):
            await one.frame()
        for partition in range(4):
            mine = [n for n in numbers(one) if partition * 10 <= n < partition * 10 + 10]
            assert mine == list(range(partition * 10, partition * 10 + 10))


async def test_a_topic_that_nobody_knows_is_told_after_another_look(
    pod: RunningRelay, topics: Topics
) -> None:
    cursor = await first_cursor(pod)
    await write(pod, topics, events(0, 3))
    async with client(pod, organization="A", cursor=f"{cursor}~gonegone:5,6") as one:
        said = await one.frame()
        assert said["ranges"] == [
            a_range(None, 0, 5, 0, "topic-replaced"),
            a_range(None, 1, 6, 0, "topic-replaced"),
        ]
        assert (await one.until("recovered"))["replayed"] == 3


# Slow clients


@pytest.mark.parametrize("source", ["kafka"], indirect=True)
async def test_a_reader_that_stalls_in_a_replay_is_closed_in_time_and_stalls_nobody(
    pod: RunningRelay, topics: Topics
) -> None:
    cursor = await first_cursor(pod)
    await write(pod, topics, events(0, 1_500, 10_000))
    async with raw_client(pod, receive_buffer=4_096) as stalled:
        target = f"/ws/dashboard?organization=A&cursor={cursor}"
        await stalled.send(request_head(target, {"Sec-WebSocket-Protocol": V1}))
        came = time.monotonic()
        await stalled.upgraded()
        for _ in range(2):
            async with client(pod, organization="A", cursor=cursor) as other:
                await other.until("recovered")
                assert numbers(other) == list(range(1_500))
        assert pod.metric("closes_total", code="4408") == 0
        await until_closes(pod, 4408)
        assert STALL_SECONDS <= time.monotonic() - came < STALL_SECONDS + 12


@pytest.mark.parametrize(
    ("source", "dialect"), [("memory", V1), ("kafka", PLAIN)], indirect=["source"]
)
async def test_a_slow_reader_of_live_events_falls_behind_and_catches_up_without_loss(
    pod: RunningRelay, topics: Topics, dialect: str
) -> None:
    """Nine times its buffer is written while it does not read at all, for some seconds."""
    async with client(pod, dialect, organization="A") as one, client(pod, organization="A") as two:
        for start in range(0, 1_000, 100):
            topics.write(MEMBERS, events(start, 100, 30_000), partition=0)
            await two.until_events(start + 100)
        await asyncio.sleep(2)
        await one.until_events(1_000)
        assert numbers(one) == numbers(two) == list(range(1_000))
        topics.write(MEMBERS, events(1_000, 1), partition=0)
        await one.until_events(1_001)
        assert pod.metric("closes_total", code="4408") == 0
        await eventually(lambda: pod.metric("replayed_events_total") > 0)
