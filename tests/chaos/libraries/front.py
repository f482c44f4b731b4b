"""The way to the relays for programs that know one address: any of them, and it fails at times."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence

LOOPBACK = "127.0.0.1"
PIECE_BYTES = 1_500
STALL_SECONDS = (1.0, 6.0)
PAUSE_SECONDS = (0.5, 2.5)
CUT_SHARE = 0.08
STALL_SHARE = 0.04


class Front:
    """Leads each connection to a relay by the dice. ports: of the relays' proxies.

    lets_websockets_through: where not, it is a proxy of the old kind. cuts: how many there were.
    """

    def __init__(
        self, ports: Sequence[int], rng: random.Random, *, lets_websockets_through: bool
    ) -> None:
        self.base = ""
        self.cuts = 0
        self._ports = ports
        self._rng = rng
        self._lets_websockets_through = lets_websockets_through
        self._crossings: set[_Crossing] = set()
        self._server: asyncio.Server

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._lead, LOOPBACK, 0)
        self.base = f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Cut what is left."""
        self._server.close()
        for crossing in list(self._crossings):
            crossing.cut()
        await self._server.wait_closed()

    async def trouble(self, seconds: float) -> None:
        """Cut and stall some connections now and then, for so long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(self._rng.uniform(*PAUSE_SECONDS))
            for crossing in list(self._crossings):
                dice = self._rng.random()
                if dice < CUT_SHARE:
                    self.cuts += 1
                    crossing.cut()
                elif dice < CUT_SHARE + STALL_SHARE:
                    crossing.stall(self._rng.uniform(*STALL_SECONDS))

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        crossing = _Crossing(writer)
        self._crossings.add(crossing)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                head = await reader.readuntil(b"\r\n\r\n")
                if self._lets_websockets_through or b"/ws/" not in head.splitlines()[0]:
                    await crossing.carry(head, reader, self._rng.choice(self._ports))
        finally:
            self._crossings.discard(crossing)
            crossing.cut()


class _Crossing:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._up: asyncio.StreamWriter | None = None
        self._stalled_until = 0.0

    def cut(self) -> None:
        """Lose it, in the middle of whatever it carries."""
        for end in (self._writer, self._up):
            if end is not None:
                end.transport.abort()

    def stall(self, seconds: float) -> None:
        """Carry nothing for so long."""
        self._stalled_until = asyncio.get_running_loop().time() + seconds

    async def carry(self, head: bytes, reader: asyncio.StreamReader, port: int) -> None:
        """Both ways, until either ends."""
        down, self._up = await asyncio.open_connection(LOOPBACK, port)
        self._up.write(head)
        ways = [
            asyncio.create_task(self._carry(reader, self._up)),
            asyncio.create_task(self._carry(down, self._writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE_BYTES):
            if (wait := self._stalled_until - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            writer.write(data)
            await writer.drain()
