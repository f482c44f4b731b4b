"""Clients that come back to a pod that is behind them, that was killed, or that has just begun."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.relay.clients import client, offsets_in
from tests.relay.live import RunningRelay
from tests.relay.past import cursor_of_a_first_visit, events
from tests.relay.topics import MEMBERS, Topics

pytestmark = pytest.mark.kafka


async def test_a_pod_that_is_behind_a_client_s_cursor_waits_and_sends_nothing_twice(
    relay: RunningRelay, forgetful_relay: RunningRelay, shared_topics: Topics
) -> None:
    late = forgetful_relay
    resume = await cursor_of_a_first_visit(relay, "behind")
    late.process.signal(signal.SIGSTOP)
    try:
        async with client(relay, organization="behind", cursor=resume) as one:
            shared_topics.write(MEMBERS, events("behind", *range(50)), partition=0)
            await one.until_event("behind49")
            resume = one.resume
        going = asyncio.create_task(come_late(late, resume))
        await asyncio.sleep(0.3)
    finally:
        late.process.signal(signal.SIGCONT)
    shared_topics.write(MEMBERS, events("behind", 50), partition=0)
    assert await going == (0, ["behind50"])


async def come_late(pod: RunningRelay, resume: str) -> tuple[int, list[str]]:
    async with client(pod, organization="behind", cursor=resume) as one:
        while not one.ids():
            said = await one.frame()
            assert said["type"] != "truncated"
        return 0, one.ids()


async def test_a_cursor_beyond_the_end_is_told_so_and_goes_on_live(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """Only an unclean election can do that; it is told when Kafka itself says where it ends."""
    cursor = await cursor_of_a_first_visit(relay, "beyond")
    topic = shared_topics.short_id(MEMBERS)
    here = offsets_in(cursor)[topic, 2]
    beyond = f"{cursor}~{topic}.2.{here + 999}"
    async with client(relay, organization="beyond", cursor=beyond) as one:
        said = await one.until("truncated")
        (gap,) = said["ranges"]
        assert gap["reason"] == "beyond-end"
        assert (gap["partition"], gap["requested"]) == (2, here + 1_000)
        assert here <= gap["earliest"] < here + 1_000
        await one.until("recovered")
        shared_topics.write(MEMBERS, events("beyond", 1), partition=2)
        await one.until_event("beyond1")


async def test_after_kill_9_of_its_pod_a_client_goes_on_at_another(
    forgetful_relay: RunningRelay, shared_topics: Topics, tmp_path: Path
) -> None:
    doomed = RunningRelay.start(tmp_path, shared_topics.bootstrap_servers, shared_topics.settings)
    try:
        doomed.wait_until_ready()
        async with client(doomed, organization="killed") as one:
            shared_topics.write(MEMBERS, events("killed", *range(10)), partition=0)
            await one.until_event("killed4")
            doomed.kill()
            shared_topics.write(MEMBERS, events("killed", *range(10, 20)), partition=0)
            await one.closed()
    finally:
        doomed.kill()
    async with client(forgetful_relay, organization="killed", cursor=one.resume) as back:
        await back.until_event("killed19")
        assert one.ids() + back.ids() == [f"killed{n}" for n in range(20)]


async def test_a_relay_that_was_restarted_serves_the_past_from_memory(
    shared_topics: Topics, tmp_path: Path
) -> None:
    bootstrap, settings = shared_topics.bootstrap_servers, shared_topics.settings
    with RunningRelay.start(tmp_path, bootstrap, settings) as first:
        first.wait_until_ready()
        cursor = await cursor_of_a_first_visit(first, "restarted")
    shared_topics.write(MEMBERS, events("restarted", *range(20)), partition=0)
    with RunningRelay.start(tmp_path, bootstrap, settings) as second:
        second.wait_until_ready()
        assert second.metric("history_bytes") > 20 * 512
        async with client(second, organization="restarted", cursor=cursor) as one:
            assert (await one.until("recovered"))["replayed"] == 20
            assert one.ids() == [f"restarted{n}" for n in range(20)]
        assert second.metric("replayed_events_total", source="memory") == 20
        assert second.metric("replayed_events_total", source="kafka") == 0
