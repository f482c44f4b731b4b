"""Clients of a relay: by the `websockets` library, as apps are, and by hand, as attackers are."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.relay.live import LOOPBACK, RunningRelay, eventually
from tests.relay.topics import Lies, Topics

PATIENCE_SECONDS = 30.0
V1 = "unionflow.v1"
PLAIN = "plain"

Frame = dict[str, Any]


class Client:
    """A client in one of the dialects that keeps all it was sent."""

    def __init__(self, connection: ClientConnection, dialect: str) -> None:
        self.connection = connection
        self.dialect = dialect
        self.events: list[Frame] = []
        self.positions: list[str] = []
        self.welcome: Frame = {}
        self._cursor = ""
        self._newest: dict[str, str] = {}

    async def frame(self) -> Any:
        """The next frame: what its JSON says, or its text where it is none."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await self.connection.recv(decode=True)
        assert isinstance(text, str)
        try:
            said = json.loads(text)
        except json.JSONDecodeError:
            return text
        self._remember(said)
        return said

    def _remember(self, said: Any) -> None:
        if self.dialect == PLAIN and "eventType" in said:
            self.events.append(said)
        elif said.get("type") == "event":
            self.events.append(said["event"])
            self.positions.append(said["position"])
            self._newest[said["position"].rpartition(".")[0]] = said["position"]
        if self.dialect != PLAIN and "cursor" in said:
            self._cursor = said["cursor"]
            self._newest.clear()

    @property
    def resume(self) -> str:
        """Where it is, by the wire's rule: the newest cursor and the newest positions since."""
        return "~".join([self._cursor, *self._newest.values()])

    async def until(self, kind: str) -> Frame:
        """The next v1 frame of this type, passing over others (which are remembered)."""
        while True:
            said = await self.frame()
            if isinstance(said, dict) and said.get("type") == kind:
                return said

    async def until_event(self, id: str) -> None:
        """Read on until the event with this id has come."""
        while not any(event["id"] == id for event in self.events):
            await self.frame()

    async def until_events(self, count: int) -> list[Frame]:
        """Read on until so many events have come in all."""
        while len(self.events) < count:
            await self.frame()
        return self.events

    async def drained(self) -> list[Frame]:
        """All events that the relay had written before it read our ping."""
        if self.dialect == PLAIN:
            await self.connection.send("ping")
            while await self.frame() != "pong":
                pass
        else:
            await self.say(type="ping")
            await self.until("pong")
        return self.events

    async def say(self, **fields: object) -> None:
        """Send one message of the v1 dialect."""
        await self.connection.send(json.dumps(fields))

    async def closed(self) -> tuple[int, str]:
        """The relay's close code and reason, once it has closed (1006: without a close frame)."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.frame()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""

    def ids(self) -> list[str]:
        """The ids of all events so far, in the order of their coming."""
        return [event["id"] for event in self.events]


@asynccontextmanager
async def client(
    relay: RunningRelay,
    dialect: str = V1,
    *,
    headers: Mapping[str, str] | None = None,
    compression: str | None = None,
    **query: object,
) -> AsyncIterator[Client]:
    """A client that is connected; in the v1 dialect it has read its `welcome` where that is due."""
    subprotocols = [Subprotocol(V1)] if dialect == V1 else None
    async with connect(
        relay.url(**query),
        subprotocols=subprotocols,
        compression=compression,
        ping_interval=None,
        max_size=None,
        additional_headers=headers,
        open_timeout=PATIENCE_SECONDS,
        close_timeout=1,
        proxy=None,
    ) as connection:
        assert connection.subprotocol == (V1 if dialect == V1 else None)
        one = Client(connection, dialect)
        if dialect == V1 and query.get("cursor") != "message":
            one.welcome = await one.frame()
            assert one.welcome["type"] == "welcome"
        yield one


def offsets_in(cursor: str) -> dict[tuple[str, int], int]:
    """A cursor taken apart, as no client may."""
    version, *topics = cursor.split("~")
    assert version == "1"
    return {
        (topic.split(":")[0], partition): int(offset)
        for topic in topics
        for partition, offset in enumerate(topic.split(":")[1].split(","))
    }


async def current_cursor(relay: RunningRelay) -> dict[tuple[str, int], int]:
    """Where the relay is: a new client's `welcome` says it."""
    async with client(relay, user="nobody") as one:
        return offsets_in(one.welcome["cursor"])


async def looked_at_twice(relay: RunningRelay) -> None:
    """Return when the relay has looked at Kafka's topics twice more: a topic's last chance."""
    async with client(relay, user="nobody", cursor="1~AAAAAAAA:1"):
        pass


async def relayed(relay: RunningRelay, topics: Topics, written: Iterable[Lies]) -> None:
    """Return when the relay has passed all of these records, whoever got them."""
    wanted: dict[tuple[str, int], int] = {}
    ids: dict[str, str] = {}
    for lies in written:
        name = lies.topic.removeprefix(topics.prefix)
        ids[name] = ids.get(name) or topics.short_id(name)
        key = (ids[name], lies.partition)
        wanted[key] = max(wanted.get(key, 0), lies.offset + 1)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            now = await current_cursor(relay)
            if all(now.get(key, 0) >= offset for key, offset in wanted.items()):
                return
            await asyncio.sleep(0.02)


# By hand


def request_head(
    target: str = "/ws/dashboard", headers: Mapping[str, str] | None = None, method: str = "GET"
) -> bytes:
    """An upgrade request; headers win over the usual ones, and an empty one leaves it out."""
    usual = {
        "Host": "relay",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    lines = [f"{k}: {v}" for k, v in {**usual, **(headers or {})}.items() if v]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


class RawClient:
    """A socket, for what no library would send. Whatever is not read stays unread."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def receive(self, size: int = 65_536) -> bytes:
        """Some bytes; none where the relay has closed or reset the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await asyncio.get_running_loop().sock_recv(self.sock, size)
            except ConnectionError:
                return b""

    async def until_closed(self) -> bytes:
        """All that comes until the relay hangs up."""
        data = b""
        while more := await self.receive():
            data += more
        return data

    async def upgraded(self) -> bytes:
        """Read a handshake's answer; what came after it."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = await self.receive()
            assert more, data
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return rest


@asynccontextmanager
async def raw_client(relay: RunningRelay, *, receive_buffer: int = 0) -> AsyncIterator[RawClient]:
    """A TCP connection and nothing more. receive_buffer: bytes, 0 for the system's own."""
    sock = socket.socket()
    try:
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (LOOPBACK, relay.port))
        yield RawClient(sock)
    finally:
        sock.close()


async def until_closes(relay: RunningRelay, code: int, count: float = 1) -> None:
    """Return when the relay has counted so many closes with a code."""
    await eventually(
        lambda: relay.metric("closes_total", code=str(code)) >= count,
        lambda: f"{relay.metric('closes_total', code=str(code))} closes with {code}",
    )
