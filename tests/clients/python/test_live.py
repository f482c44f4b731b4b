"""The client against real relays and a real Kafka: what is lost is told, and nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.clients.python.crossing import Crossing
from tests.relay.live import LOOPBACK, RunningRelay
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.kafka import Kafka
from unionflow_client import Client, Event, FileStore, Reason, Refused, State

pytestmark = pytest.mark.kafka
COUNT = 400


@pytest.fixture
def topics(kafka: Kafka, topic_prefix: str) -> Topics:
    topics = Topics(kafka.bootstrap_servers, topic_prefix)
    topics.create()
    return topics


@pytest.fixture
def pod(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture
def other_pod(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dice show little, so that reconnects do not fill the test's time."""
    monkeypatch.setattr("random.random", lambda: 0.02)


@asynccontextmanager
async def writing(topics: Topics, ids: list[str]) -> AsyncIterator[asyncio.Task[None]]:
    async def write() -> None:
        for at in range(0, len(ids), 10):
            batch = [body(id, "A") for id in ids[at : at + 10]]
            await asyncio.to_thread(topics.write, MEMBERS, batch, partition=(at // 10) % 3)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(write())
    try:
        yield task
        await task
    finally:
        task.cancel()


async def live(client: Client) -> None:
    async for status in client.statuses():
        if status.state is State.LIVE:
            return


async def collect(client: Client, count: int, seen: list[str]) -> None:
    async with asyncio.timeout(60):
        async for event in client.events():
            seen.append(event.id)
            if len(seen) >= count:
                return


async def test_a_relay_that_is_killed_and_another_pod_neither_lose_nor_double_an_event(
    topics: Topics, pod: RunningRelay, other_pod: RunningRelay
) -> None:
    ids = [f"e{n}" for n in range(COUNT)]
    seen: list[str] = []
    async with Crossing.open(pod.port) as crossing, Client(crossing.base) as client:
        await live(client)
        async with writing(topics, ids) as task:
            await collect(client, COUNT // 4, seen)
            crossing.port = other_pod.port
            pod.kill()
            await collect(client, COUNT // 2, seen)
            crossing.cut()
            await task
            await collect(client, COUNT, seen)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                seen.append((await anext(client.events())).id)
    assert sorted(seen) == sorted(ids)


async def test_a_client_that_was_closed_gets_from_the_file_s_cursor_what_it_missed(
    topics: Topics, pod: RunningRelay, tmp_path: Path
) -> None:
    store, seen = FileStore(tmp_path / "cursor"), list[str]()
    base = f"http://{LOOPBACK}:{pod.port}"
    async with Client(base, store=store, organizations=["A"]) as client:
        await live(client)
        topics.write(MEMBERS, [body("1", "A"), body("x", "B"), body("2", "A")], partition=0)
        await collect(client, 2, seen)
    topics.write(MEMBERS, [body("3", "A"), body("4", "A")], partition=1)
    async with Client(base, store=store, organizations=["A"]) as client:
        await collect(client, 4, seen)
        await live(client)
    assert seen == ["1", "2", "3", "4"]


async def test_where_websockets_are_cut_the_events_come_as_server_sent_ones(
    topics: Topics, pod: RunningRelay
) -> None:
    seen: list[str] = []
    async with Crossing.open(pod.port) as crossing:
        crossing.lets_websockets_through = False
        async with Client(crossing.base) as client:
            await live(client)
            topics.write(MEMBERS, [body(str(n), "A") for n in range(50)], partition=0)
            await collect(client, 30, seen)
            crossing.cut()
            topics.write(MEMBERS, [body(str(n), "A") for n in range(50, 60)], partition=0)
            await collect(client, 60, seen)
    assert seen == [str(number) for number in range(60)]


async def test_a_drained_relay_hands_its_client_over_without_a_gap(
    topics: Topics, pod: RunningRelay, other_pod: RunningRelay
) -> None:
    reasons: list[Reason | None] = []
    heard: list[Event] = []
    async with Crossing.open(pod.port) as crossing, Client(crossing.base) as client:
        await live(client)
        client.on_status(lambda status: reasons.append(status.reason))
        crossing.port = other_pod.port
        await asyncio.to_thread(pod.stop)
        topics.write(MEMBERS, [body("after", "A")], partition=2)
        async with asyncio.timeout(30):
            heard.append(await anext(client.events()))
    assert [event.id for event in heard] == ["after"]
    assert Reason.RESTARTING in reasons


async def test_a_relay_that_wants_a_token_refuses_a_client_without_one(
    topics: Topics, tmp_path: Path
) -> None:
    settings = {**topics.settings, "UNIONFLOW_AUTH": "jwt", "UNIONFLOW_JWT_SECRET": "s" * 32}
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with Client(f"http://{LOOPBACK}:{relay.port}") as client:
            with pytest.raises(Refused, match="token"):
                await anext(client.events())
