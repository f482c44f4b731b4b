"""A running relay at its limits: who is turned away, in which words, and whom it costs nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response

from tests.relay.clients import PLAIN, V1, Client, client, raw_client, request_head, until_closes
from tests.relay.live import RunningRelay, eventually
from tests.relay.tokens import bearer, issuing, refusal
from tests.relay.topics import MEMBERS, Topics, body

pytestmark = pytest.mark.kafka

SETTINGS = {
    "UNIONFLOW_MAX_CONNECTIONS": "12",
    "UNIONFLOW_MAX_CONNECTIONS_PER_ADDRESS": "3",
    "UNIONFLOW_MAX_CONNECTIONS_PER_USER": "2",
    "UNIONFLOW_MAX_MESSAGES_PER_SECOND": "10",
    "UNIONFLOW_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8",
}


@contextlib.contextmanager
def started(folder: Path, topics: Topics, settings: Mapping[str, str]) -> Iterator[RunningRelay]:
    environ = {**topics.settings, **settings}
    with RunningRelay.start(folder, topics.bootstrap_servers, environ) as relay:
        yield relay.wait_until_ready()


@pytest.fixture
def limited(shared_topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay with few of everything, behind a proxy that is this machine."""
    with started(tmp_path, shared_topics, SETTINGS) as relay:
        yield relay


async def plain_refusal(relay: RunningRelay, address: str = "", **query: object) -> Response:
    """The HTTP answer to a plain client that is refused."""
    headers = {"X-Forwarded-For": address} if address else {}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(relay.url(**query), additional_headers=headers, proxy=None):
            pass
    return refused.value.response


@asynccontextmanager
async def from_address(
    relay: RunningRelay, address: str, dialect: str = PLAIN, **query: object
) -> AsyncIterator[Client]:
    headers = {"X-Forwarded-For": address}
    async with client(relay, dialect, headers=headers, compression=None, **query) as one:
        yield one


async def turned_away(relay: RunningRelay, address: str, **query: object) -> tuple[int, str]:
    """The close code and reason of a v1 client that is let in only to be told why not."""
    async with raw_client(relay) as one:
        headers = {"Sec-WebSocket-Protocol": V1, "X-Forwarded-For": address}
        target = relay.url(**query).partition(f":{relay.port}")[2]
        await one.send(request_head(target, headers))
        data = await one.upgraded()
        while len(data) < 4:
            data += await one.receive()
    assert data[0] == 0x88
    return int.from_bytes(data[2:4], "big"), data[4:].decode()


async def test_one_address_behind_the_proxy_has_its_number_and_others_theirs(
    limited: RunningRelay,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(from_address(limited, "203.0.113.9, 10.1.1.1"))
        answer = await plain_refusal(limited, "203.0.113.9")
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) >= 1
        code, reason = await turned_away(limited, "1.1.1.1, 203.0.113.9")
        assert code == 4429
        assert "address" in reason
        for suffix in "123":
            await stack.enter_async_context(from_address(limited, f"2001:db8::{suffix}", V1))
        assert (await plain_refusal(limited, "2001:db8::4:5:6:7")).status_code == 429
        assert limited.metric("limited_total", limit="address_connections") == 3
        assert limited.reasons() == []
    await eventually(lambda: limited.metric("connections") == 0)
    async with from_address(limited, "203.0.113.9"):
        pass


async def test_one_user_has_its_number(limited: RunningRelay) -> None:
    async with (
        from_address(limited, "203.0.113.1", V1, user="ann"),
        from_address(limited, "203.0.113.2", user="ann"),
        from_address(limited, "203.0.113.4", user="ben"),
    ):
        assert (await plain_refusal(limited, "203.0.113.3", user="ann")).status_code == 429
        assert (await turned_away(limited, "203.0.113.3", user="ann"))[0] == 4429
        assert limited.metric("limited_total", limit="user_connections") == 2


async def test_a_full_relay_says_503_is_not_broken_and_takes_who_comes_when_others_went(
    limited: RunningRelay,
) -> None:
    async with AsyncExitStack() as stack:
        for number in range(12):
            await stack.enter_async_context(from_address(limited, f"203.0.113.{number}"))
        answer = await plain_refusal(limited, "203.0.113.200")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert limited.metric("limited_total", limit="connections") == 1
        await asyncio.sleep(6)  # a probe's period: it is not among those who find no room
        assert limited.reasons() == []
    await eventually(lambda: limited.metric("connections") == 0)
    async with from_address(limited, "203.0.113.200"):
        pass


async def test_probes_are_counted_nowhere(limited: RunningRelay) -> None:
    await asyncio.sleep(6)
    assert limited.reasons() == []
    for name in ("handshakes_total", "connections", "closes_total", "limited_total"):
        assert limited.metric(name) == 0, name


async def test_nobody_else_can_pass_for_a_probe(limited: RunningRelay) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(from_address(limited, "203.0.113.9"))
        headers = {"X-Unionflow-Probe": "1", "X-Forwarded-For": "203.0.113.9"}
        with pytest.raises(InvalidStatus):
            async with connect(limited.url(), additional_headers=headers, proxy=None):
                pass


async def test_a_flood_of_messages_is_closed_with_4429_and_a_talkative_client_is_not(
    limited: RunningRelay,
) -> None:
    async with from_address(limited, "203.0.113.1", V1) as flood:
        for _ in range(200):
            await flood.say(type="ping")
        code, reason = await flood.closed()
        assert code == 4429
        assert "messages" in reason
    async with from_address(limited, "203.0.113.2") as plain:
        for _ in range(30):
            await plain.connection.send("ping")
            assert await plain.frame() == "pong"
    async with raw_client(limited) as deaf:
        await deaf.send(request_head())
        await deaf.upgraded()
        pings = Frame(Opcode.PING, b"").serialize(mask=True) * 20_000
        with contextlib.suppress(ConnectionError):
            await deaf.send(pings)
        assert (4429).to_bytes(2, "big") in await deaf.until_closed()
    await until_closes(limited, 4429, 2)
    assert limited.metric("limited_total", limit="messages") == 2


async def test_a_message_in_many_fragments_is_no_flood(limited: RunningRelay) -> None:
    async with raw_client(limited) as one:
        await one.send(request_head())
        await one.upgraded()
        parts = [Frame(Opcode.TEXT, b"", fin=False)]
        parts += [Frame(Opcode.CONT, b" " * 60, fin=False)] * 900
        parts += [Frame(Opcode.CONT, b"ping")]
        await one.send(b"".join(part.serialize(mask=True) for part in parts))
        assert b"pong" in await one.receive()


async def test_a_crowd_over_the_rate_is_told_when_to_come_and_gets_in_then(
    shared_topics: Topics, tmp_path: Path
) -> None:
    settings = {"UNIONFLOW_MAX_HANDSHAKES_PER_SECOND": "2"}
    with started(tmp_path, shared_topics, settings) as relay:
        seen: list[int] = []
        waits: list[int] = []
        async with AsyncExitStack() as stack:
            for _ in range(14):
                try:
                    await stack.enter_async_context(connect(relay.url(), proxy=None))
                    seen.append(101)
                except InvalidStatus as refused:
                    seen.append(refused.response.status_code)
                    waits.append(int(refused.response.headers["Retry-After"]))
        assert seen[:10] == [101] * 10
        assert 503 in seen
        assert min(waits) >= 1
        assert relay.metric("limited_total", limit="handshakes") == seen.count(503)
        await asyncio.sleep(2)
        async with client(relay, V1):
            pass


async def test_a_thousand_who_say_half_a_head_keep_nobody_out(
    shared_topics: Topics, tmp_path: Path
) -> None:
    """The oldest make way, here for 1,024: `UNIONFLOW_MAX_CONNECTIONS` is small."""
    settings = {"UNIONFLOW_MAX_CONNECTIONS": "100"}
    with started(tmp_path, shared_topics, settings) as relay:
        async with AsyncExitStack() as stack:
            slow = []
            for _ in range(1_100):
                one = await stack.enter_async_context(raw_client(relay))
                await one.send(request_head()[:-2])
                slow.append(one)
            assert await slow[0].until_closed() == b""
            async with client(relay, V1, organization="slowloris") as good:
                shared_topics.write(MEMBERS, [body("through", "slowloris")])
                await good.until_event("through")
            assert relay.metric("limited_total", limit="half_open") >= 1_100 - 1_024
            assert relay.reasons() == []


HEADS = {
    "too many headers": {f"X-{n}": "1" for n in range(120)},
    "subprotocols without end": {"Sec-WebSocket-Protocol": ", ".join(["x" * 100] * 200)},
}


@pytest.mark.parametrize("headers", HEADS.values(), ids=HEADS.keys())
async def test_a_head_is_refused_that_has(limited: RunningRelay, headers: dict[str, str]) -> None:
    async with raw_client(limited) as one:
        await one.send(request_head(headers=headers))
        assert (await one.until_closed()).startswith(b"HTTP/1.1 431 ")


# Memory

MIB = 1024 * 1024
FLOOD_MIB = 24


async def test_at_the_memory_ceiling_the_slowest_go_and_the_others_get_all(
    topics: Topics, tmp_path: Path
) -> None:
    """Each stalled client has bytes of its own, so nothing of them is shared."""
    topics.create(MEMBERS, partitions=1)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": MEMBERS,
        "UNIONFLOW_MEMORY_BYTES": str(120 * MIB),  # leaves the least for unsent bytes: 4 MiB
        "UNIONFLOW_SEND_BUFFER_BYTES": str(8 * MIB),
        "UNIONFLOW_MAX_HANDSHAKES_PER_SECOND": "0",
    }
    with started(tmp_path, topics, settings) as relay:
        ceiling = relay.metric("unsent_ceiling_bytes")
        assert ceiling == 4 * MIB
        async with AsyncExitStack() as stack:
            good = await stack.enter_async_context(client(relay, V1, organization="good"))
            for number in range(6):
                stalled = await stack.enter_async_context(raw_client(relay, receive_buffer=4_096))
                await stalled.send(request_head(f"/ws/dashboard?organization=stalled-{number}"))
                await stalled.upgraded()
            for turn in range(FLOOD_MIB):
                values = [
                    body(f"s{turn}-{n}", f"stalled-{n % 6}", fill="x" * 100_000) for n in range(60)
                ]
                values.append(body(f"g{turn}", "good"))
                await asyncio.to_thread(topics.write, MEMBERS, values, partition=0)
                await good.until_event(f"g{turn}")
            await until_closes(relay, 4408, 6)
            assert relay.metric("limited_total", limit="memory") == 6
            assert good.ids() == [f"g{turn}" for turn in range(FLOOD_MIB)]
            await eventually(lambda: relay.metric("unsent_bytes") <= ceiling)
        assert relay.lines("memory ceiling met")
        assert relay.lines("history is smaller than UNIONFLOW_HISTORY_BYTES")


async def test_what_many_wait_for_is_counted_once(topics: Topics, tmp_path: Path) -> None:
    """Forty stalled clients with 3 MB each would be 120 MB; they share them."""
    topics.create(MEMBERS, partitions=1)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": MEMBERS,
        "UNIONFLOW_MEMORY_BYTES": str(256 * MIB),
        "UNIONFLOW_SEND_BUFFER_BYTES": str(8 * MIB),
    }
    with started(tmp_path, topics, settings) as relay:
        async with AsyncExitStack() as stack:
            for _ in range(40):
                one = await stack.enter_async_context(raw_client(relay, receive_buffer=4_096))
                await one.send(request_head("/ws/dashboard?organization=shared"))
                await one.upgraded()
            good = await stack.enter_async_context(client(relay, V1, organization="good"))
            values = [body(f"s{n}", "shared", fill="x" * 100_000) for n in range(75)]
            values.append(body("g", "good"))
            await asyncio.to_thread(topics.write, MEMBERS, values, partition=0)
            await good.until_event("g")
            await asyncio.sleep(2)
            unsent = relay.metric("unsent_bytes")
            assert 1 * MIB < unsent < 12 * MIB
            assert relay.metric("limited_total", limit="memory") == 0
            assert relay.metric("connections", dialect="plain") == 40
        await eventually(lambda: relay.metric("unsent_bytes") == 0)


# With tokens


async def test_with_tokens_the_user_is_the_token_s_and_the_probe_needs_none(
    shared_topics: Topics, tmp_path: Path
) -> None:
    with (
        issuing() as issuer,
        started(tmp_path, shared_topics, {**issuer.settings, **SETTINGS}) as relay,
    ):
        token = issuer.token("awa", "tk-limits")
        async with (
            client(relay, V1, headers={**bearer(token), "X-Forwarded-For": "203.0.113.1"}),
            client(relay, PLAIN, headers={**bearer(token), "X-Forwarded-For": "203.0.113.2"}),
        ):
            elsewhere = {"X-Forwarded-For": "203.0.113.3"}
            assert (await refusal(relay, V1, token, headers=elsewhere))[0] == 4429
            status, _, headers = await refusal(relay, PLAIN, token, headers=elsewhere)
            assert status == 429
            assert "Retry-After" in headers
            other = issuer.token("ben", "tk-limits")
            async with client(relay, V1, headers={**bearer(other), **elsewhere}):
                pass
        assert relay.metric("token_refusals_total") == 0
        assert relay.reasons() == []


async def test_a_flood_of_bad_tokens_is_held_back_before_they_are_checked(
    shared_topics: Topics, tmp_path: Path
) -> None:
    with (
        issuing() as issuer,
        started(
            tmp_path,
            shared_topics,
            {**issuer.settings, "UNIONFLOW_MAX_HANDSHAKES_PER_SECOND": "1"},
        ) as relay,
    ):
        seen = [(await refusal(relay, PLAIN, "no.good.token"))[0] for _ in range(20)]
        assert seen[:5] == [401] * 5
        assert seen.count(503) >= 5
        assert relay.metric("token_refusals_total") == seen.count(401)
