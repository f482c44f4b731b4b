"""Server-sent events by a real HTTP client: what WebSockets get, and from where one comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.relay.clients import client, offsets_in, raw_client, relayed
from tests.relay.event_source import Listening, listening
from tests.relay.live import RunningRelay, eventually
from tests.relay.past import cursor_of_a_first_visit, events, written
from tests.relay.topics import APPROVALS, MEMBERS, NOTIFICATIONS, STATS, Topics, body

pytestmark = pytest.mark.kafka

MANY = 2_500


async def test_a_client_is_welcomed_and_gets_what_a_web_socket_gets(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with (
        listening(relay, organization="sse-live", user="sse-awa") as stream,
        client(relay, organization="sse-live", user="sse-awa") as web_socket,
    ):
        welcome = await stream.frame()
        assert (welcome["type"], welcome["organizations"]) == ("welcome", ["sse-live"])
        assert welcome.keys() == web_socket.welcome.keys()
        assert stream.last_event_id == welcome["cursor"]
        assert 1_000 <= (stream.parser.retry or 0) < 5_000
        shared_topics.write(APPROVALS, [body("a1", "sse-live"), body("x", "sse-other")])
        note = body("n1", None, "USER_NOTIFICATION", user="sse-awa", text="é\u2028\n")
        shared_topics.write(NOTIFICATIONS, [note], partition=0)
        shared_topics.write(NOTIFICATIONS, [body("b1", None, "BROADCAST_NOTIFICATION")])
        for one in (stream, web_socket):
            await one.until_events(3)
        assert sorted(stream.ids()) == ["a1", "b1", "n1"]
        by_id = {event["id"]: event for event in web_socket.events}
        assert all(event == by_id[event["id"]] for event in stream.events)
        assert sorted(stream.positions) == sorted(web_socket.positions)


async def test_event_types_narrow_it(relay: RunningRelay, shared_topics: Topics) -> None:
    async with listening(relay, organization="sse-types", eventTypes="MEMBER_UPDATED") as stream:
        await stream.until("welcome")
        values = [
            body(f"t{n}", "sse-types", kind) for n, kind in enumerate(("X", "MEMBER_UPDATED"))
        ]
        shared_topics.write(MEMBERS, values, partition=0)
        await stream.until_event("t1")
        assert stream.ids() == ["t1"]


async def test_the_last_event_of_what_is_written_at_once_has_the_id_to_come_back_with(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    topic = shared_topics.short_id(MEMBERS)
    async with listening(relay, organization="sse-id") as stream:
        await stream.until("welcome")
        lies = shared_topics.write(MEMBERS, events("sse-id", *range(20)), partition=1)
        await stream.until_events(20)
        offset = offsets_in(stream.last_event_id)[topic, 1]
        assert offset >= lies[-1].offset + 1
    async with listening(relay, organization="sse-id", last_event_id=stream.last_event_id) as back:
        await back.until("recovered")
        assert back.ids() == []


async def test_a_heartbeat_moves_the_id_on(
    second_relay: RunningRelay, shared_topics: Topics
) -> None:
    topic = shared_topics.short_id(MEMBERS)
    async with listening(second_relay, organization="sse-beat") as stream:
        await stream.until("welcome")
        (lies,) = shared_topics.write(MEMBERS, events("not-its", 1), partition=2)
        while offsets_in(stream.last_event_id)[topic, 2] <= lies.offset:
            said = await stream.until("heartbeat")
            assert stream.last_event_id == said["cursor"]
        assert stream.ids() == []


@pytest.mark.parametrize("pod", ["relay", "forgetful_relay"], ids=["memory", "kafka"])
async def test_a_replay_has_an_id_at_least_every_1000_events_and_each_can_be_resumed_from(
    pod: str, shared_topics: Topics, request: pytest.FixtureRequest
) -> None:
    serving: RunningRelay = request.getfixturevalue(pod)
    name = f"sse-{pod}"
    start = await cursor_of_a_first_visit(serving, name)
    await written(serving, shared_topics, events(name, *range(MANY)), partition=0)
    async with listening(serving, organization=name, cursor=start) as stream:
        said = await stream.until("recovered")
    assert stream.ids() == [f"{name}{n}" for n in range(MANY)]
    assert said["replayed"] == MANY
    seen = [message.last_event_id for message in stream.messages]
    steps = [at for at in range(1, len(seen)) if seen[at] != seen[at - 1]]
    assert all(later - earlier <= 1_000 for earlier, later in pairwise(steps))
    for at in (steps[0], steps[len(steps) // 2]):
        rest = [m for m in stream.messages[at + 1 :] if m.event == "event"]
        async with listening(serving, organization=name, last_event_id=seen[at]) as back:
            await back.until("recovered")
        assert back.ids() == [json.loads(m.data)["event"]["id"] for m in rest]


async def test_last_event_id_wins_over_the_cursor_of_the_url(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    start = await cursor_of_a_first_visit(relay, "sse-wins")
    await written(relay, shared_topics, events("sse-wins", *range(3)), partition=0)
    now = await cursor_of_a_first_visit(relay, "sse-wins")
    async with listening(relay, organization="sse-wins", cursor=start, last_event_id=now) as stream:
        assert (await stream.until("welcome"))["cursor"] == now
        assert (await stream.until("recovered"))["replayed"] == 0


async def test_after_kill_9_of_its_pod_a_client_goes_on_at_another_and_misses_nothing(
    forgetful_relay: RunningRelay, shared_topics: Topics, tmp_path: Path
) -> None:
    doomed = RunningRelay.start(tmp_path, shared_topics.bootstrap_servers, shared_topics.settings)
    try:
        doomed.wait_until_ready()
        async with listening(doomed, organization="sse-killed") as stream:
            await stream.until("welcome")
            shared_topics.write(MEMBERS, events("sse-killed", *range(10)), partition=0)
            await stream.until_event("sse-killed4")
            doomed.kill()
            shared_topics.write(MEMBERS, events("sse-killed", *range(10, 20)), partition=0)
            assert await stream.ended() == {}
    finally:
        doomed.kill()
    after = stream.last_event_id
    async with listening(forgetful_relay, organization="sse-killed", last_event_id=after) as back:
        await back.until_event("sse-killed19")
    both = [*stream.ids(), *back.ids()]
    assert list(dict.fromkeys(both)) == [f"sse-killed{n}" for n in range(20)]


async def test_conflate_brings_the_newest_statistics_only(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    start = await cursor_of_a_first_visit(relay, "sse-night")
    values = events("sse-night", *range(50), kind="DASHBOARD_STATS_UPDATED")
    await written(relay, shared_topics, values, STATS, partition=0)
    conflate = "DASHBOARD_STATS_UPDATED"
    async with listening(relay, organization="sse-night", cursor=start, conflate=conflate) as one:
        said = await one.until("recovered")
        assert (said["replayed"], said["conflated"], one.ids()) == (1, 49, ["sse-night49"])


async def test_truncated_comes_without_an_id_and_is_said_again_to_who_comes_back_too_early(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    settings = {**topics.settings, "UNIONFLOW_HISTORY_BYTES": "0"}
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        start = await cursor_of_a_first_visit(relay, "A")
        await written(relay, topics, events("A", *range(9)), partition=0)
        topics.delete_records(MEMBERS, 0, 4)
        async with listening(relay, organization="A", last_event_id=start) as stream:
            for kind in ("welcome", "truncated"):
                assert (await stream.frame())["type"] == kind
                assert stream.last_event_id == start
            said = json.loads(stream.messages[-1].data)
            (gap,) = said["ranges"]
            assert (gap["partition"], gap["requested"], gap["earliest"]) == (0, 0, 4)
        async with listening(relay, organization="A", last_event_id=stream.last_event_id) as back:
            assert (await back.until("truncated"))["ranges"] == said["ranges"]
            await back.until("recovered")
            assert back.ids() == [f"A{n}" for n in range(4, 9)]


async def test_a_slow_reader_gets_all_of_it_at_its_own_pace(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """24 MB to a reader that stops: more than its buffers, so that the relay goes on without it."""
    ids = [f"slow{n}" for n in range(240)]
    head = b"GET /sse/dashboard?organization=sse-slow HTTP/1.1\r\nHost: relay\r\n\r\n"
    replayed = relay.metric("replayed_events_total")
    async with raw_client(relay, receive_buffer=4_096) as slow:
        await slow.send(head)
        parts = Parts(await slow.receive())
        await eventually(lambda: relay.metric("connections", dialect="sse") >= 1)
        values = [body(id, "sse-slow", fill="x" * 100_000) for id in ids]
        await written(relay, shared_topics, values, partition=0)
        async with listening(relay, organization="sse-slow") as brisk:
            await brisk.until("welcome")
            shared_topics.write(MEMBERS, events("sse-slow", 1), partition=0)
            await brisk.until_event("sse-slow1")
        while parts.ids()[-1:] != ["sse-slow1"]:
            parts.add(await slow.receive(1_000_000))
    assert parts.ids() == [*ids, "sse-slow1"]
    assert relay.metric("replayed_events_total") > replayed, "it never was too slow to be live"


class Parts:
    """What a raw client has read of a stream, beginning with the head of the answer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ids: list[str] = []

    def add(self, data: bytes) -> None:
        assert data, "the relay has hung up"
        self._data += data

    def ids(self) -> Sequence[str]:
        *whole, self._data = self._data.split(b"\ndata: ")
        for block in whole:
            self._take(block)
        if self._data.endswith(b"\n\n"):
            self._take(self._data)
            self._data = b""
        return self._ids

    def _take(self, block: bytes) -> None:
        if block.startswith(b'{"type":"event"'):
            self._ids.append(json.loads(block.split(b"\n")[0])["event"]["id"])


async def test_many_at_once_are_all_served(relay: RunningRelay, shared_topics: Topics) -> None:
    async def one() -> list[str]:
        async with listening(relay, organization="sse-crowd") as stream:
            await stream.until("welcome")
            here.append(stream)
            await stream.until_events(5)
            return stream.ids()

    here: list[Listening] = []
    crowd = [asyncio.create_task(one()) for _ in range(40)]
    await eventually(lambda: len(here) == len(crowd))
    lies = shared_topics.write(MEMBERS, events("sse-crowd", *range(5)), partition=0)
    assert await asyncio.gather(*crowd) == [[f"sse-crowd{n}" for n in range(5)]] * len(crowd)
    await relayed(relay, shared_topics, lies)
