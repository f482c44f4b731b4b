"""What the two bare programs share: a WebSocket handshake by hand, and Kafka's records in fetches.

They are what a relay on uvloop costs at least: no audience, no history, no metrics, no limits. A
program is a `Deliver` and nothing else.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import struct
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import cast
from urllib.parse import parse_qs, urlsplit

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_CLOSE = 0x88
_EVERYTHING = ""
"""The audience of a client that named no organisation and no user, as with UNIONFLOW_AUTH=none."""


class Room:
    """The clients that are here, by what they asked to see."""

    def __init__(self) -> None:
        self.by_audience: defaultdict[str, set[asyncio.Transport]] = defaultdict(set)

    @property
    def everything(self) -> Collection[asyncio.Transport]:
        """The clients that see every record."""
        return self.by_audience[_EVERYTHING]

    @property
    def filters(self) -> bool:
        """Whether some client asked for less than everything, so that records must be read."""
        return any(self.by_audience[audience] for audience in self.by_audience if audience)

    def audience(self, value: bytes) -> Collection[asyncio.Transport]:
        """The clients that may see this record, by the rule of the wire's section 1."""
        event = orjson.loads(value)
        if user := event.get("userId"):
            return self.by_audience[f"user={user}"]
        if organization := event["organizationId"]:
            return self.by_audience[f"organization={organization}"]
        return set().union(*self.by_audience.values())


Deliver = Callable[[Room, Sequence[bytes]], Awaitable[None]]
"""Send a fetch's values to the room's clients."""


class _Client(asyncio.Protocol):
    """One client: after its handshake, nothing but a transport to write to."""

    __slots__ = ("audiences", "head", "room", "transport")

    def __init__(self, room: Room) -> None:
        self.room = room
        self.head = b""
        self.audiences: Sequence[str] = ()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop does not derive its own

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        if self.audiences:
            if data[0] == _CLOSE:
                self.transport.close()
            return  # pings are not answered here: this bench sends none
        self.head += data
        if self.head.endswith(b"\r\n\r\n"):
            self._upgrade(self.transport, self.head)
            self.head = b""

    def connection_lost(self, _: Exception | None) -> None:
        assert self.transport is not None
        for audience in self.audiences:
            self.room.by_audience[audience].discard(self.transport)

    def _upgrade(self, transport: asyncio.Transport, head: bytes) -> None:
        request, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        key = headers.get("sec-websocket-key")
        if key is None or headers.get("upgrade", "").lower() != "websocket":
            transport.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
            transport.close()
            return
        digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
        transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        self.audiences = _audiences(request.split(" ")[1])
        for audience in self.audiences:
            self.room.by_audience[audience].add(transport)


def _audiences(target: str) -> Sequence[str]:
    query = urlsplit(target).query
    if not query:
        return (_EVERYTHING,)
    return tuple(f"{name}={value}" for name, values in parse_qs(query).items() for value in values)


def frame(payload: bytes) -> bytes:
    """`payload` (126 to 65,535 bytes) as one text frame from a server."""
    return struct.pack("!BBH", 0x81, 126, len(payload)) + payload


async def _serve(deliver: Deliver, partition_count: int, topics: Sequence[str]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    await consumer.start()
    partitions = [TopicPartition(t, p) for t in topics for p in range(partition_count)]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    room = Room()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Client(room), "127.0.0.1", 0, backlog=2048
    )
    line = {"event": "bare program listening", "port": server.sockets[0].getsockname()[1]}
    print(json.dumps(line), file=sys.stderr, flush=True)
    while True:
        fetched = await consumer.getmany(timeout_ms=1000)
        if fetched:
            await deliver(room, [r.value or b"" for records in fetched.values() for r in records])


def main(deliver: Deliver) -> None:
    """Run a bare program: `python -m tests.bench.NAME PARTITIONS TOPIC...`, until it is killed.

    It reads KAFKA_BOOTSTRAP_SERVERS from the environment, starts at the topics' ends, listens on a
    free port of loopback and says which in one JSON line on stderr.
    """
    uvloop.run(_serve(deliver, int(sys.argv[1]), sys.argv[2:]))
