"""Clients that mean no good: what they break is their own connection, for a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest
from websockets.frames import Frame, Opcode

from tests.relay.clients import V1, RawClient, client, raw_client, request_head
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, Topics, body

pytestmark = pytest.mark.kafka


async def still_serves(relay: RunningRelay, topics: Topics, id: str) -> None:
    """Whatever was done to it, the relay delivers, says nothing of bugs, and is ready."""
    async with client(relay, V1, organization="hostile") as one:
        topics.write(MEMBERS, [body(id, "hostile")], key="hostile")
        await one.until_event(id)
    assert relay.reasons() == []
    assert "Traceback" not in relay.log.read_text()
    assert "exception" not in relay.log.read_text()


async def upgraded(one: RawClient, target: str = "/ws/dashboard", v1: bool = False) -> None:
    headers = {"Sec-WebSocket-Protocol": V1} if v1 else {}
    await one.send(request_head(target, headers))
    await one.upgraded()


HEADS: dict[str, tuple[bytes, bytes]] = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HTTP/1.1 400 "),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 4"),
    "a header of 40 KB": (request_head(headers={"X": "x" * 40_000}), b"HTTP/1.1 431 "),
    "a target of 40 KB": (request_head("/" + "x" * 40_000), b"HTTP/1.1 431 "),
    "a thousand headers without end": (
        b"GET /ws/dashboard HTTP/1.1\r\n" + b"X-Flood: 0123456789012345678901\r\n" * 1_200,
        b"HTTP/1.1 431 ",
    ),
    "a broken header": (b"GET /ws/dashboard HTTP/1.1\r\nno colon\r\n\r\n", b"HTTP/1.1 400 "),
    "a target that is no URL": (request_head("//[/ws/dashboard"), b"HTTP/1.1 4"),
    "a target that is no ASCII": (
        request_head("/ws/dashboard").replace(b"/ws/", b"/w\xe9/", 1),
        b"HTTP/1.1 4",
    ),
    "a POST": (request_head(method="POST"), b"HTTP/1.1 405 "),
    "two requests at once": (
        request_head("/nothing") + request_head("/nothing"),
        b"HTTP/1.1 404 ",
    ),
}


@pytest.mark.parametrize(("sent", "answer"), HEADS.values(), ids=HEADS.keys())
async def test_a_head_is_refused_once_and_the_connection_ended_for(
    relay: RunningRelay, sent: bytes, answer: bytes
) -> None:
    async with raw_client(relay) as one:
        with contextlib.suppress(ConnectionError):
            await one.send(sent)
        data = await one.until_closed()
    if data:  # a flood may be answered by a reset, which takes the answer with it
        assert data.startswith(answer)
        assert data.count(b"Content-Length") == 1
    else:
        assert len(sent) > 32_768


async def test_frames_in_the_same_packet_as_the_handshake_are_read(relay: RunningRelay) -> None:
    async with raw_client(relay) as one:
        await one.send(request_head() + Frame(Opcode.TEXT, b"ping").serialize(mask=True))
        data = await one.upgraded()
        while b"pong" not in data:
            more = await one.receive()
            assert more
            data += more


async def test_a_handshake_byte_by_byte_is_taken(relay: RunningRelay) -> None:
    async with raw_client(relay) as one:
        for byte in request_head():
            await one.send(bytes([byte]))
            await asyncio.sleep(0)
        await one.upgraded()


async def test_whoever_says_too_little_too_slowly_is_cut_off(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """Silent sockets, half a head, a head drop by drop: each has ten seconds in all."""

    async def drip(one: RawClient) -> None:
        with contextlib.suppress(ConnectionError):
            for byte in request_head(headers={"X": "x" * 1_000}):
                await one.send(bytes([byte]))
                await asyncio.sleep(0.2)

    async with raw_client(relay) as silent, raw_client(relay) as half, raw_client(relay) as slow:
        await half.send(request_head()[:-2])
        dripping = asyncio.create_task(drip(slow))
        assert await silent.until_closed() == b""
        assert await half.until_closed() == b""
        assert await slow.until_closed() == b""
        dripping.cancel()
    await still_serves(relay, shared_topics, "after-slow")


async def test_a_frame_that_announces_exabytes_costs_nothing(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with raw_client(relay) as one:
        await upgraded(one)
        await one.send(struct.pack("!BBQ", 0x81, 0xFF, 2**62))
        assert (1009).to_bytes(2, "big") in await one.until_closed()
    await still_serves(relay, shared_topics, "after-exabytes")


async def test_a_flood_of_pings_whose_answers_nobody_reads_is_cut(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """A client may say so much a second, and each answer goes into a buffer that has a limit."""
    pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 1_000
    async with raw_client(relay, receive_buffer=4_096) as one:
        await upgraded(one)
        before = relay.metric("closes_total", code="4429")
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                for _ in range(400):
                    await one.send(pings)
        await eventually(lambda: relay.metric("closes_total", code="4429") > before)
    await still_serves(relay, shared_topics, "after-pings")


async def test_who_says_goodbye_and_then_reads_nothing_is_gone_all_the_same(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """What it has not read must not be kept for as long as it likes."""
    flood = body("goodbye", "goodbye", fill="x" * 100_000)
    before = relay.connections()
    async with raw_client(relay, receive_buffer=4_096) as one:
        await upgraded(one, "/ws/dashboard?organization=goodbye")
        async with client(relay, organization="goodbye") as other:
            shared_topics.write(MEMBERS, [flood] * 35, key="goodbye")
            await other.until_events(35)
        await one.send(Frame(Opcode.CLOSE, struct.pack("!H", 1000)).serialize(mask=True))
        await eventually(lambda: relay.connections() <= before)
    await still_serves(relay, shared_topics, "after-goodbye")


async def test_a_client_that_closes_its_half_or_resets_is_forgotten(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    await eventually(lambda: relay.metric("connections") == 0)
    lost_before = relay.metric("closes_total", code="1006")
    async with raw_client(relay) as half, raw_client(relay) as reset:
        await upgraded(half)
        await upgraded(reset)
        half.sock.shutdown(socket.SHUT_WR)
        assert await half.until_closed() == b""
        reset.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reset.sock.close()
        await eventually(lambda: relay.metric("connections") == 0)
    assert relay.metric("closes_total", code="1006") == lost_before + 2
    await still_serves(relay, shared_topics, "after-half")


async def test_whoever_goes_on_after_being_closed_is_hung_up_on(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with raw_client(relay) as one:
        await upgraded(one, v1=True)
        await one.send(Frame(Opcode.BINARY, b"x").serialize(mask=True))

        async def go_on() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    await one.send(Frame(Opcode.TEXT, b'{"type":"ping"}').serialize(mask=True))
                    await asyncio.sleep(0.05)

        going_on = asyncio.create_task(go_on())
        data = await one.until_closed()
        going_on.cancel()
        assert (1003).to_bytes(2, "big") in data
        assert b"pong" not in data
    await still_serves(relay, shared_topics, "after-closing")


async def test_fragments_that_go_on_after_1009_are_not_kept(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """The relay reads on for the client's own close frame, and for nothing else."""
    fragment = b"x" * 65_536
    before = relay.resident_bytes()
    async with raw_client(relay) as one:
        await upgraded(one)
        await one.send(Frame(Opcode.TEXT, fragment, fin=False).serialize(mask=True))
        more = Frame(Opcode.CONT, fragment, fin=False).serialize(mask=True)
        with contextlib.suppress(ConnectionError):
            for _ in range(2_000):
                await one.send(more)
        kept = relay.resident_bytes() - before
        assert (1009).to_bytes(2, "big") in await one.receive()
    assert kept < 50_000_000
    await still_serves(relay, shared_topics, "after-fragments")


async def test_a_hundred_half_handshakes_hinder_nobody(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(100):
            one = await stack.enter_async_context(raw_client(relay))
            await one.send(request_head()[:50])
        await still_serves(relay, shared_topics, "among-halves")
