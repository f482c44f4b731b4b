"""Clients that do nothing but note when what came: what costs little takes no time from servers."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import accumulate
from typing import Any

import orjson

from tests.bench.errors import LoadFailed

_HANDSHAKE_SECONDS = 15.0
_TEXT = 0x81  # a whole text frame
_ASKED = (
    b"GET /ws/dashboard HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Viewer(asyncio.Protocol):
    """One client that sees everything, in the plain dialect."""

    def __init__(self) -> None:
        self.answered = asyncio.get_running_loop().create_future()
        self._chunks: list[tuple[int, bytes]] = []

    def data_received(self, data: bytes) -> None:
        """Keep it, with the time."""
        self._chunks.append((time.time_ns(), data))
        if not self.answered.done():
            self.answered.set_result(data.startswith(b"HTTP/1.1 101"))

    def events(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """What came, each with when its last byte did: milliseconds since 1970."""
        data = b"".join(chunk for _, chunk in self._chunks)
        ends = list(accumulate(len(chunk) for _, chunk in self._chunks))
        at = data.index(b"\r\n\r\n") + 4
        while at < len(data):
            kind, length, start = data[at], data[at + 1], at + 2
            if length > 125:
                size = 2 if length == 126 else 8
                start += size
                length = int.from_bytes(data[start - size : start])
            at = start + length
            if kind == _TEXT:
                arrived_ns = self._chunks[bisect_left(ends, at)][0]
                yield arrived_ns / 1e6, orjson.loads(data[start:at])


@asynccontextmanager
async def watching(port: int, count: int) -> AsyncIterator[list[Viewer]]:
    """So many connections to the relay on this port, for the context.

    Raises:
        LoadFailed: one was refused.
    """
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        viewers = []
        for _ in range(count):
            transport, viewer = await loop.create_connection(Viewer, "127.0.0.1", port)
            stack.callback(transport.close)
            transport.write(_ASKED)
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                if not await viewer.answered:
                    raise LoadFailed("the relay refuses a viewer")
            viewers.append(viewer)
        yield viewers
