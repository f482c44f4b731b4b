"""A client that does not read is cut, and costs a thousand others nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.clients import raw_client, relayed, request_head, until_closes
from tests.relay.live import LOOPBACK, RunningRelay, eventually
from tests.relay.topics import MEMBERS, Lies, Topics, body
from unionflow_relay.core import frames

pytestmark = pytest.mark.kafka

GOOD = 1_000


class Listener(asyncio.Protocol):
    """A client that only reads: what came after the handshake's head."""

    def __init__(self) -> None:
        self.lost = False
        self._came = bytearray()
        self._head = b""
        self._upgraded = asyncio.get_running_loop().create_future()

    def events(self) -> bytes:
        """All frames but the relay's pings, whose two bytes no JSON text has."""
        return bytes(self._came).replace(frames.PING_FRAME, b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(request_head("/ws/dashboard?organization=good"))

    def data_received(self, data: bytes) -> None:
        if not self._upgraded.done():
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            assert self._head.startswith(b"HTTP/1.1 101")
            self._upgraded.set_result(None)
            data = self._head.partition(b"\r\n\r\n")[2]
        self._came += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    async def upgraded(self) -> None:
        await self._upgraded


async def listener(relay: RunningRelay) -> Listener:
    loop = asyncio.get_running_loop()
    _, one = await loop.create_connection(Listener, LOOPBACK, relay.port)
    await one.upgraded()
    return one


@pytest.fixture
def crowd_relay(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay of one partition with the least buffer that may be set."""
    topics.create(MEMBERS, partitions=1)
    settings = {
        **topics.settings,
        "UNIONFLOW_TOPICS": MEMBERS,
        "UNIONFLOW_SEND_BUFFER_BYTES": str(1024 * 1024),
    }
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def write_mixed(topics: Topics, ids: list[str]) -> list[Lies]:
    """Ten events for everyone, forty large ones for those who take the flood, and so on."""
    flood = body("flood", "flood", fill="x" * 20_000)
    values: list[bytes | None] = []
    for start in range(0, len(ids), 10):
        values += [flood] * 40
        values += [body(id, "good") for id in ids[start : start + 10]]
    return topics.write(MEMBERS, values, partition=0)


async def test_a_client_that_does_not_read_is_cut_and_the_others_get_all_in_order(
    crowd_relay: RunningRelay, topics: Topics
) -> None:
    good = [await listener(crowd_relay) for _ in range(GOOD)]
    try:
        async with raw_client(crowd_relay, receive_buffer=4_096) as stalled:
            await stalled.send(request_head("/ws/dashboard?organization=good&organization=flood"))
            await stalled.upgraded()
            ids = [f"g{n}" for n in range(200)]
            written = await asyncio.to_thread(write_mixed, topics, ids)
            await relayed(crowd_relay, topics, written)
            await until_closes(crowd_relay, 4408)
        expected = b"".join(frames.text(body(id, "good")) for id in ids)
        await eventually(lambda: all(len(one.events()) >= len(expected) for one in good))
        assert {one.events() for one in good} == {expected}
        assert not any(one.lost for one in good)
        assert crowd_relay.metric("connections", dialect="plain") == GOOD
        assert crowd_relay.metric("closes_total", code="4408") == 1
    finally:
        for one in good:
            one.transport.abort()
