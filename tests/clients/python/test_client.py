"""The client round the session, over real sockets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.clients.python.scripted import Visit, event, relay, stay, welcome
from unionflow_client import (
    AlreadyConsumed,
    Client,
    DashboardStatsEvent,
    Event,
    FileStore,
    MemberEvent,
    MemoryStore,
    Range,
    Reason,
    Refused,
    Slow,
    State,
    StoreUnavailable,
)

GAP = [{"topic": "t", "partition": 0, "requested": 1, "earliest": 9, "reason": "retention"}]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dice show nothing, so that no test waits for a reconnect."""
    monkeypatch.setattr("random.random", lambda: 0.0)


async def take(client: Client, count: int) -> list[str]:
    async with asyncio.timeout(20):
        events = client.events()
        return [(await anext(events)).id for _ in range(count)]


async def fail_over(client: Client) -> None:
    async with client:
        await take(client, 1)
        raise ZeroDivisionError


async def until(client: Client, state: State, reason: Reason | None = None) -> None:
    async with asyncio.timeout(20):
        async for status in client.statuses():
            if status.state is state and reason in (None, status.reason):
                return


async def test_events_come_typed_and_in_order() -> None:
    async def script(visit: Visit) -> None:
        await visit.say(welcome(), event("1"), event("2", event_type="MEMBER_CREATED"))
        await visit.gone()

    async with relay(script) as base, Client(base) as client:
        events = client.events()
        first, second = await anext(events), await anext(events)
        assert (type(first), type(second)) == (DashboardStatsEvent, MemberEvent)
        assert first.at.isoformat() == "2026-11-24T09:30:00.125000+00:00"


async def test_a_client_that_is_cut_resumes_and_drops_what_it_had() -> None:
    paths = []

    async def cut(visit: Visit) -> None:
        await visit.say(welcome(), event("1"), event("2"))
        visit.cut()

    async def again(visit: Visit) -> None:
        paths.append(visit.path)
        recovered = {"type": "recovered", "replayed": 2, "cursor": "1~A:4"}
        await visit.say(welcome(), event("2"), event("3"), recovered)
        await visit.gone()

    async with relay(cut, again) as base, Client(base) as client:
        assert await take(client, 3) == ["1", "2", "3"]
        await until(client, State.LIVE)
    assert paths == ["/ws/dashboard?cursor=1~A:1~A.0.2"]


async def test_disconnect_says_goodbye_ends_the_iterator_and_stays_away() -> None:
    left = asyncio.Event()
    visits = []

    async def script(visit: Visit) -> None:
        visits.append(visit)
        await visit.say(welcome())
        if await visit.gone() == (1000, ""):
            left.set()

    async with relay(script) as base, Client(base) as client:
        await until(client, State.LIVE)
        reading = asyncio.create_task(anext(client.events(), None))
        await client.disconnect()
        assert await reading is None
        async with asyncio.timeout(20):
            await left.wait()
        assert not client.is_connected
        assert client.status.reason is Reason.DISCONNECTED
    assert len(visits) == 1


async def test_a_refused_client_raises_from_its_events() -> None:
    async def script(visit: Visit) -> None:
        await visit.connection.close(4403, "not your society")

    async with relay(script) as base, Client(base) as client:
        with pytest.raises(Refused, match="not your society") as refused:
            await anext(client.events())
        assert refused.value.reason == "forbidden"


async def test_later_events_wait_for_a_reload_that_fails_once() -> None:
    order: list[object] = []

    async def reload(ranges: Sequence[Range]) -> None:
        order.append([gap.reason for gap in ranges])
        if len(order) == 1:
            raise ConnectionError("the API is away")

    async def script(visit: Visit) -> None:
        gap = {"type": "truncated", "cursor": "1~A:9", "ranges": GAP}
        await visit.say(welcome(), gap, event("9"))
        await visit.gone()

    store = MemoryStore()
    async with relay(script) as base, Client(base, reload=reload, store=store) as client:
        order += await take(client, 1)
    assert order == [["retention"], ["retention"], "9"]
    assert store.cursor == "1~A:9~A.0.9"


async def test_a_token_is_got_afresh_for_each_connection_and_ahead_of_its_end() -> None:
    tokens = iter(["one", "two", "three"])
    seen = []

    async def expiring(visit: Visit) -> None:
        seen.append(visit.authorization)
        await visit.say(welcome(), {"type": "token_expiring", "expiresAt": "soon"})
        seen.append((await visit.hear())["token"])
        visit.cut()

    async def again(visit: Visit) -> None:
        seen.append(visit.authorization)
        await visit.say(welcome(), event("1"))
        await visit.gone()

    async def token() -> str:
        return next(tokens)

    async with relay(expiring, again) as base, Client(base, token=token) as client:
        assert await take(client, 1) == ["1"]
    assert seen == ["Bearer one", "two", "Bearer three"]


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak"])
async def test_what_is_no_token_is_not_sent(token: str) -> None:
    async with relay(stay) as base, Client(base, token=token) as client:
        await until(client, State.OFFLINE, Reason.TOKEN)
        assert "printable" in client.status.detail


async def test_a_token_function_that_raises_is_a_failed_try() -> None:
    answers = iter([False, True])

    def token() -> str:
        if not next(answers):
            raise OSError("no issuer")
        return "good"

    async with relay(stay) as base, Client(base, token=token) as client:
        await until(client, State.LIVE)


async def test_the_cursor_in_a_file_brings_what_came_while_the_program_was_closed(
    tmp_path: Path,
) -> None:
    paths = []

    async def script(visit: Visit) -> None:
        paths.append(visit.path)
        await visit.say(welcome(), event("1"))
        await visit.gone()

    store = FileStore(tmp_path / "cursor")
    async with relay(script) as base:
        for _ in range(2):
            async with Client(base, store=store) as client:
                await take(client, 1)
    assert paths == ["/ws/dashboard", "/ws/dashboard?cursor=1~A:1~A.0.1"]
    assert os.listdir(tmp_path) == ["cursor"]  # noqa: PTH208  # nothing is left beside it


async def test_an_event_whose_handling_failed_comes_again_after_a_restart() -> None:
    async def script(visit: Visit) -> None:
        await visit.say(welcome(), event("1"))
        await visit.gone()

    store = MemoryStore()
    async with relay(script) as base:
        client = Client(base, store=store)
        with pytest.raises(ZeroDivisionError):
            await fail_over(client)
    assert store.cursor == "1~A:1"


def test_a_store_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Client("http://localhost", store=FileStore(tmp_path))


async def test_a_slow_program_stops_the_reading_and_is_told_once() -> None:
    sent = 0

    async def script(visit: Visit) -> None:
        nonlocal sent
        await visit.say(welcome())
        for number in range(20_000):
            said = event(str(number))
            said["event"]["data"]["fill"] = "x" * 1_000
            await visit.say(said)
            sent += 1
        await visit.gone()

    notices: list[object] = []
    async with relay(script) as base, Client(base, queue=100) as client:
        client.on_notice(notices.append)
        await until(client, State.LIVE)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.3)
        assert notices == [Slow(100)]
        assert sent < 20_000
        assert await take(client, 20_000) == [str(number) for number in range(20_000)]


async def test_listeners_get_their_classes_in_order_and_one_that_fails_is_called_again() -> None:
    async def script(visit: Visit) -> None:
        kinds = ["MEMBER_CREATED", "KPI_UPDATED", "MEMBER_UPDATED"]
        frames = [event(str(n), event_type=kind) for n, kind in enumerate(kinds)]
        await visit.say(welcome(), *frames)
        await visit.gone()

    heard: list[str] = []
    done = asyncio.Event()

    async def on_member(member: Event) -> None:
        heard.append(member.id)
        await asyncio.sleep(0)
        if len(heard) == 2:
            done.set()
        raise ValueError("of the program's own")

    async with relay(script) as base, Client(base) as client:
        take_off = client.on_event(on_member, MemberEvent)
        with pytest.raises(AlreadyConsumed):
            client.events()
        async with asyncio.timeout(20):
            await done.wait()
        take_off()
    assert heard == ["0", "2"]


async def test_whether_it_is_connected_is_a_stream_of_its_own() -> None:
    async def short(visit: Visit) -> None:
        await visit.say(welcome())
        visit.cut()

    seen = []
    async with relay(short, stay) as base, Client(base) as client, asyncio.timeout(20):
        async for connected in client.connections():
            seen.append(connected)
            if len(seen) == 4:
                break
    assert seen == [False, True, False, True]


async def test_two_tasks_cannot_wait_for_the_same_next_event() -> None:
    async with relay(stay) as base, Client(base) as client:
        waiting = asyncio.create_task(anext(client.events(), None))
        await until(client, State.LIVE)
        with pytest.raises(AlreadyConsumed):
            await anext(client.events())
        await client.disconnect()
        assert await waiting is None


async def test_a_client_that_nobody_answers_says_so_and_tries_on() -> None:
    async with Client("http://127.0.0.1:1") as client:
        await until(client, State.OFFLINE, Reason.UNREACHABLE)
        assert client.status.detail == "nobody listens at 127.0.0.1:1"


@pytest.mark.parametrize("how", ["it wakes up", "its network comes back"])
async def test_a_device_does_not_wait_for_the_next_try_when(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 60.0)

    async def short(visit: Visit) -> None:
        await visit.say(welcome())
        visit.cut()

    async with relay(short, stay) as base, Client(base) as client:
        await until(client, State.OFFLINE, Reason.LOST)
        if how == "it wakes up":
            client.woke_up()
        else:
            client.network_changed(is_up=False)
            assert client.status.reason is Reason.NETWORK
            client.network_changed(is_up=True)
        await until(client, State.LIVE)


async def test_a_server_that_speaks_no_unionflow_is_no_relay() -> None:
    async def script(visit: Visit) -> None:
        await visit.gone()

    from websockets.asyncio.server import serve  # noqa: PLC0415  # one that agrees on no protocol

    async with serve(lambda connection: script(Visit(connection)), "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with Client(f"http://127.0.0.1:{port}") as client:
            await until(client, State.OFFLINE, Reason.PROTOCOL)
