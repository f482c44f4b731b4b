"""Sockets that die in the midst of a write: theirs is the loss, and nobody else's."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.relay.clients import RawClient, client, raw_client, request_head
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, Topics, body
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.cursor import Cursor
from unionflow_relay.core.dialects import Dialect

CROWD = 150
V1_HEAD = {"Sec-WebSocket-Protocol": "unionflow.v1"}


class DeadHandle(asyncio.Transport):
    """A transport as uvloop's is between the handle's end and connection_lost."""

    aborted = False

    def write(self, _data: object) -> None:
        raise RuntimeError("the handler is closed")

    def abort(self) -> None:
        self.aborted = True


class Nobody:
    """An owner that nothing is expected of."""

    message_pace = None

    def on_flood(self, peer: Peer) -> None: ...
    def on_subscribe(self, peer: Peer, event_types: frozenset[str] | None) -> None: ...
    def on_refresh(self, peer: Peer, token: str) -> None: ...
    def on_resume(self, peer: Peer, cursor: Cursor) -> None: ...
    def on_leaving(self, peer: Peer) -> None: ...
    def on_slow(self, peer: Peer) -> None: ...
    def on_drained(self, peer: Peer) -> None: ...
    def on_closed(self, peer: Peer, code: int) -> None: ...


async def test_a_write_to_a_socket_that_has_just_died_raises_nothing() -> None:
    handle = DeadHandle()
    peer = Peer(Nobody(), handle, Dialect.V1)
    peer.write(b"event")
    peer.close(1012, "restarting")
    peer.connection_lost(None)
    assert handle.aborted


def reset(one: RawClient) -> None:
    """Close with RST, as a network does that forgets a connection."""
    one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.sock.close()


@pytest.mark.kafka
async def test_clients_that_are_reset_while_they_are_written_to_and_drained_cost_nobody_else(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    settings = {**topics.settings, "UNIONFLOW_DRAIN_SECONDS": "4"}
    relay = RunningRelay.start(tmp_path, topics.bootstrap_servers, settings).wait_until_ready()
    async with AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(raw_client(relay)) for _ in range(CROWD)]
        for one in crowd:
            await one.send(request_head("/ws/dashboard?organization=A", V1_HEAD))
            await one.upgraded()
        good = await stack.enter_async_context(client(relay, organization="A"))
        for number in range(10):
            topics.write(MEMBERS, [body(f"{number}", "A", fill="x" * 20_000)])
            for one in crowd[number * 5 : number * 5 + 5]:
                reset(one)
        await good.until_event("9")
        assert good.ids() == [f"{number}" for number in range(10)]
        relay.process.signal(signal.SIGTERM)
        for one in crowd[50:]:
            reset(one)
            await asyncio.sleep(0.02)
        code, _ = await good.closed()
    assert code == 1012
    assert await asyncio.to_thread(relay.stop) == 0
    assert "Traceback" not in relay.log.read_text()
