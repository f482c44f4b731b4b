"""A way through to a relay that a test can cut, or lead to another pod."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from tests.relay.live import LOOPBACK


class Crossing:
    """Forwards bytes. port: of the relay that new connections are led to."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base = ""
        self.lets_websockets_through = True
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int) -> AsyncIterator[Self]:
        """Open for the length of the block."""
        crossing = cls(port)
        server = await asyncio.start_server(crossing._lead, LOOPBACK, 0)
        crossing.base = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        try:
            yield crossing
        finally:
            server.close()
            crossing.cut()
            await server.wait_closed()

    def cut(self) -> None:
        """Lose every connection that is there, in the middle of whatever it carries."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        up = None
        with contextlib.suppress(OSError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            if self.lets_websockets_through or b"/ws/" not in head.splitlines()[0]:
                from_relay, up = await asyncio.open_connection(LOOPBACK, self.port)
                up.write(head)
                await asyncio.gather(_carry(reader, up), _carry(from_relay, writer))
        self._writers.discard(writer)
        for end in (writer, up):
            if end is not None:
                end.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1_000):
            writer.write(data)
            await writer.drain()
    finally:
        writer.transport.abort()
