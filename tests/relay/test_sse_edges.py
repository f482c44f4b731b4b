"""Server-sent events at their edges: refusals, pages of other origins, drain, and odd clients."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.relay.clients import RawClient, raw_client, until_closes
from tests.relay.event_source import EventStream, asking, listening, refused
from tests.relay.live import RunningRelay, eventually
from tests.relay.past import events
from tests.relay.topics import MEMBERS, Topics
from tests.support.kafka import Kafka

pytestmark = pytest.mark.kafka

PAGE = "https://app.example"
USERS_MOST = 2
DRAIN_SECONDS = 3


@pytest.fixture(scope="module")
def strict(
    kafka: Kafka, shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay that lets one origin's pages in, and few connections of one user."""
    settings = {
        **shared_topics.settings,
        "UNIONFLOW_ALLOWED_ORIGINS": PAGE,
        "UNIONFLOW_MAX_CONNECTIONS_PER_USER": str(USERS_MOST),
    }
    folder = tmp_path_factory.mktemp("sse-strict")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


async def answered(one: RawClient) -> bytes:
    """All that comes up to the end of `welcome`."""
    data = b""
    while b"event: welcome" not in data or not data.endswith(b"\n\n"):
        more = await one.receive()
        assert more, data
        data += more
    return data


# Refusals

MALFORMED = {
    "a malformed Last-Event-ID": ({"Last-Event-ID": "17"}, {}),
    "a malformed cursor": ({}, {"cursor": "17"}),
    "a cursor by message": ({}, {"cursor": "message"}),
    "a type that cannot be conflated": ({}, {"cursor": "1", "conflate": "X"}),
}


@pytest.mark.parametrize(("headers", "query"), MALFORMED.values(), ids=MALFORMED)
async def test_400_is_the_answer_to(
    relay: RunningRelay, headers: dict[str, str], query: dict[str, str]
) -> None:
    answer = await refused(relay, headers=headers, **query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 0 < len(answer.text) < 200


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
async def test_405_is_the_answer_to_a(relay: RunningRelay, method: str) -> None:
    answer = await refused(relay, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, OPTIONS")
    assert bool(answer.content) == (method != "HEAD")


async def test_a_user_with_too_many_connections_gets_429_until_one_is_gone(
    strict: RunningRelay,
) -> None:
    async with AsyncExitStack() as stack:
        crowd = [
            await stack.enter_async_context(listening(strict, user="busy"))
            for _ in range(USERS_MOST)
        ]
        for stream in crowd:
            await stream.until("welcome")
        answer = await refused(strict, user="busy")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert strict.metric("connections", dialect="sse") == USERS_MOST
    await eventually(lambda: strict.metric("connections", dialect="sse") == 0)
    async with listening(strict, user="busy") as stream:
        await stream.until("welcome")


# Pages of other origins


async def test_a_listed_page_may_read_the_stream_and_any_refusal(strict: RunningRelay) -> None:
    async with listening(strict, headers={"Origin": PAGE}) as stream:
        assert stream.response.headers["Access-Control-Allow-Origin"] == PAGE
        await stream.until("welcome")
    answer = await refused(strict, headers={"Origin": PAGE}, cursor="17")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    answer = await refused(strict, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_browser_may_ask_beforehand_and_is_counted_as_no_handshake(
    strict: RunningRelay,
) -> None:
    before = strict.metric("handshakes_total")
    asks = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
    }
    answer = await refused(strict, "OPTIONS", headers=asks)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Content-Length" not in answer.headers
    assert strict.metric("handshakes_total") == before


# Odd clients

ODD = {
    "HTTP/1.0, as nginx asks unless told otherwise": b"GET /sse/dashboard HTTP/1.0\r\n\r\n",
    "an offer to upgrade to HTTP/2": (
        b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    ),
    "a body": b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\nContent-Length: 4\r\n\r\nbody",
    "a second request behind the first": (
        b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\n\r\n"
        b"GET /sse/dashboard?cursor=17 HTTP/1.1\r\nHost: relay\r\n\r\n"
    ),
    "something that is no HTTP behind it": (
        b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\n\r\n\x00\xffnonsense"
    ),
}


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
async def test_a_client_is_served_that_sends(relay: RunningRelay, request_: bytes) -> None:
    async with raw_client(relay) as one:
        await one.send(request_)
        head, _, stream = (await answered(one)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Connection: close" in head
        assert [m.event for m in EventStream().feed(stream)] == ["welcome"]


async def test_a_client_that_goes_on_sending_is_ended(strict: RunningRelay) -> None:
    async with raw_client(strict) as one:
        await one.send(b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\n\r\n")
        await answered(one)
        await one.send(b"x" * 65_537)
        (last,) = EventStream().feed(await one.until_closed())
        assert (last.event, json.loads(last.data)["code"]) == ("close", 1009)
    await until_closes(strict, 1009)


async def test_who_hangs_up_has_said_goodbye(strict: RunningRelay) -> None:
    before = strict.metric("closes_total", code="1000")
    async with listening(strict) as stream:
        await stream.until("welcome")
    await until_closes(strict, 1000, before + 1)


async def test_who_cuts_the_connection_is_counted_as_lost(strict: RunningRelay) -> None:
    before = strict.metric("closes_total", code="1006")
    async with raw_client(strict) as one:
        await one.send(b"GET /sse/dashboard HTTP/1.1\r\nHost: relay\r\n\r\n")
        await answered(one)
        one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await until_closes(strict, 1006, before + 1)


# Drain


async def test_a_drain_says_when_to_come_back_serves_until_then_and_ends_the_stream(
    kafka: Kafka, shared_topics: Topics, tmp_path: Path
) -> None:
    settings = {**shared_topics.settings, "UNIONFLOW_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with listening(relay, organization="sse-drain") as stream:
            await stream.until("welcome")
            relay.process.signal(signal.SIGTERM)
            after = (await stream.until("reconnect"))["afterMs"]
            assert 2_000 <= after <= DRAIN_SECONDS * 1_000
            assert stream.parser.retry == after
            answer = await refused(relay)
            assert (answer.status_code, int(answer.headers["Retry-After"]) >= 1) == (503, True)
            shared_topics.write(MEMBERS, events("sse-drain", 1), partition=0)
            await stream.until_event("sse-drain1")
            last = await stream.ended()
            assert last["code"] == 1012
            assert 1_000 <= (stream.parser.retry or 0) < 5_000
        assert await asyncio.to_thread(relay.process.wait, 10)


async def test_before_kafka_answers_it_is_503_which_a_page_may_read(tmp_path: Path) -> None:
    settings = {"UNIONFLOW_HEARTBEAT_SECONDS": "1"}
    with RunningRelay.start(tmp_path, "127.0.0.1:1", settings) as relay:
        async with asking(relay, headers={"Origin": PAGE}) as answer:
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
