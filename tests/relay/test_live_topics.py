"""Topics that come, grow, go, come again, and lose their records, under connected clients."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.clients import PLAIN, V1, client, offsets_in, relayed
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, NOTIFICATIONS, STATS, Topics, body

pytestmark = pytest.mark.kafka

FOLLOWED_WITHIN_SECONDS = 10.0  # issue 4, section 3


@pytest.fixture
def members_relay(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay of one topic with two partitions."""
    topics.create(MEMBERS, partitions=2)
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def events(*ids: str) -> list[bytes]:
    return [body(id, "A") for id in ids]


async def test_topics_that_do_not_exist_yet_are_waited_for_and_read_from_their_beginning(
    topics: Topics, tmp_path: Path
) -> None:
    settings = {**topics.settings, "UNIONFLOW_TOPICS": f"{MEMBERS},{STATS}"}
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        await relay.until_not_ready_for("waiting", topics.prefix + MEMBERS, topics.prefix + STATS)
        assert relay.metric("ready") == 0
        async with client(relay, V1, organization="A") as one, client(relay, PLAIN) as plain:
            assert one.welcome["cursor"] == "1"
            topics.create(STATS)
            await eventually(lambda: topics.prefix + STATS not in "".join(relay.reasons()))
            await relay.until_not_ready_for("waiting", topics.prefix + MEMBERS)
            topics.create(MEMBERS)
            ids = [f"first{n}" for n in range(30)]
            topics.write(MEMBERS, events(*ids), key="A")
            await one.until_event(ids[-1])
            assert one.ids() == ids
            assert [e["id"] for e in await plain.drained()] == ids
            assert one.positions[0].endswith(".0")
        await relay.until_ready()
        assert relay.metric("ready") == 1


async def test_a_partition_that_is_added_is_followed_from_its_beginning(
    members_relay: RunningRelay, topics: Topics
) -> None:
    async with client(members_relay, V1, organization="A") as one:
        topics.write(MEMBERS, events("old"), partition=1)
        await one.until_event("old")
        async with asyncio.timeout(FOLLOWED_WITHIN_SECONDS):
            topics.grow(MEMBERS, 4)
            for partition in (2, 3):
                ids = [f"new{partition}-{n}" for n in range(5)]
                topics.write(MEMBERS, events(*ids), partition=partition)
            await one.until_events(11)
        id = topics.short_id(MEMBERS)
        assert sorted(one.positions) == sorted(
            [f"{id}.1.0", *(f"{id}.{p}.{n}" for p in (2, 3) for n in range(5))]
        )
    async with client(members_relay) as late:
        assert offsets_in(late.welcome["cursor"]) == {
            (id, partition): offset for partition, offset in enumerate([0, 1, 5, 5])
        }


@pytest.mark.parametrize("more", [2, 40], ids=["fewer records", "more records than before"])
async def test_a_topic_made_again_is_another_one_and_its_predecessor_s_tail_is_declared(
    members_relay: RunningRelay, topics: Topics, more: int
) -> None:
    async with (
        client(members_relay, V1, organization="A") as one,
        client(members_relay, PLAIN) as plain,
    ):
        old = [f"old{n}" for n in range(7)]
        written = topics.write(MEMBERS, events(*old), partition=0)
        await relayed(members_relay, topics, written)
        old_id = topics.short_id(MEMBERS)

        topics.delete(MEMBERS)
        topics.create_with(MEMBERS, 2)
        new = [f"new{n}" for n in range(more)]
        topics.write(MEMBERS, events(*new), partition=0)

        said = await one.until("truncated")
        assert said["ranges"] == [
            {
                "topic": topics.prefix + MEMBERS,
                "partition": partition,
                "requested": requested,
                "earliest": 0,
                "reason": "topic-replaced",
            }
            for partition, requested in ((0, 7), (1, 0))
        ]
        assert old_id not in said["cursor"]
        assert one.ids() == old
        await one.until_event(new[-1])
        assert one.ids() == [*old, *new]
        new_id = topics.short_id(MEMBERS)
        assert new_id != old_id
        assert one.positions[len(old) :] == [f"{new_id}.0.{n}" for n in range(more)]
        assert [e["id"] for e in await plain.drained()] == [*old, *new]
    await members_relay.until_ready()


async def test_what_was_not_read_of_a_deleted_topic_is_within_what_is_declared(
    members_relay: RunningRelay, topics: Topics
) -> None:
    """The relay stands still while the topic gets records, is deleted, and made again."""
    async with client(members_relay, V1, organization="A") as one:
        topics.write(MEMBERS, events("read"), partition=0)
        await one.until_event("read")
        members_relay.process.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(1)  # the fetch that it left behind is answered, with nothing
            topics.write(MEMBERS, events("lost1", "lost2"), partition=0)
            topics.delete(MEMBERS)
            topics.create_with(MEMBERS, 2)
            topics.write(MEMBERS, events("new"), partition=0)
        finally:
            members_relay.process.signal(signal.SIGCONT)
        said = await one.until("truncated")
        assert [(r["partition"], r["requested"]) for r in said["ranges"]] == [(0, 1), (1, 0)]
        await one.until_event("new")
        assert one.ids() == ["read", "new"]


async def test_a_topic_that_is_gone_for_good_is_declared_and_waited_for(
    members_relay: RunningRelay, topics: Topics
) -> None:
    async with client(members_relay, V1, organization="A") as one:
        topics.write(MEMBERS, events("old"), partition=1)
        await one.until_event("old")
        topics.delete(MEMBERS)
        said = await one.until("truncated")
        assert [(r["partition"], r["requested"]) for r in said["ranges"]] == [(0, 0), (1, 1)]
        assert said["cursor"] == "1"
        await members_relay.until_not_ready_for("waiting", topics.prefix + MEMBERS)
        topics.create(MEMBERS, partitions=1)
        topics.write(MEMBERS, events("back"), partition=0)
        await one.until_event("back")
    await members_relay.until_ready()


async def test_a_client_that_slept_through_a_topic_s_replacement_is_told(
    members_relay: RunningRelay, topics: Topics
) -> None:
    async with client(members_relay, V1, organization="A") as one:
        cursor = one.welcome["cursor"]
        topics.delete(MEMBERS)
        topics.create_with(MEMBERS, 2)
        await one.until("truncated")
        topics.write(MEMBERS, events("new"), partition=0)
        await one.until_event("new")
    async with client(members_relay, V1, organization="A", cursor=cursor) as back:
        said = await back.until("truncated")
        gone = [r for r in said["ranges"] if r["topic"] is None]
        assert [(r["partition"], r["reason"]) for r in gone] == [
            (0, "topic-replaced"),
            (1, "topic-replaced"),
        ]
        assert gone == said["ranges"]
        assert (await back.until("recovered"))["replayed"] == 1
        assert back.ids() == ["new"]


async def test_a_compacted_topic_makes_the_pod_unready_and_mending_it_clears(
    members_relay: RunningRelay, topics: Topics
) -> None:
    async with client(members_relay, V1, organization="A") as one:
        topics.configure(MEMBERS, "cleanup.policy", "compact,delete")
        await members_relay.until_not_ready_for("compact", topics.prefix + MEMBERS, "delete")
        topics.write(MEMBERS, [body("while", "A")], key="A", partition=0)
        await one.until_event("while")
        topics.configure(MEMBERS, "cleanup.policy", "delete")
        await members_relay.until_ready()


async def test_records_that_retention_took_first_are_declared(
    members_relay: RunningRelay, topics: Topics
) -> None:
    async with (
        client(members_relay, V1, organization="A") as one,
        client(members_relay, PLAIN) as two,
    ):
        topics.write(MEMBERS, events("read"), partition=0)
        await one.until_event("read")
        members_relay.process.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(1)  # the fetch that it left behind is answered, with nothing
            topics.write(MEMBERS, events("lost1", "lost2", "lost3", "kept"), partition=0)
            topics.delete_records(MEMBERS, 0, 4)
        finally:
            members_relay.process.signal(signal.SIGCONT)
        said = await one.until("truncated")
        assert said["ranges"] == [
            {
                "topic": topics.prefix + MEMBERS,
                "partition": 0,
                "requested": 1,
                "earliest": 4,
                "reason": "retention",
            }
        ]
        assert offsets_in(said["cursor"])[topics.short_id(MEMBERS), 0] == 4
        await one.until_event("kept")
        assert one.ids() == ["read", "kept"]
        assert [e["id"] for e in await two.drained()] == ["read", "kept"]
    assert members_relay.reasons() == []


async def test_a_topic_of_another_name_keeps_its_catalogue_s_rules(
    topics: Topics, tmp_path: Path
) -> None:
    """A broadcast to everyone counts as one on its own topic alone, whatever that is called."""
    topics.create("notices", "other")
    settings = {
        "UNIONFLOW_TOPICS": f"{NOTIFICATIONS}={topics.prefix}notices,{topics.prefix}other",
    }
    broadcast = [body("all", None, "BROADCAST_NOTIFICATION")]
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1, organization="Z") as one:
            topics.write("other", broadcast)
            topics.write("notices", broadcast)
            await one.until_event("all")
            assert one.positions[0].startswith(topics.short_id("notices"))
        assert relay.metric("records_skipped_total", reason="no_audience") == 1
