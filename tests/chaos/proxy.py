"""A TCP proxy between clients and one relay, that can do to a connection what networks do."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import deque
from typing import cast

CONNECT_SECONDS = 5.0
FULL_BYTES = 64 * 1024
# Of the socket towards the relay: what a reader that stands still leaves unread is the relay's.
RECEIVE_BYTES = 64 * 1024
SLOW_BYTES_PER_SECOND = 16 * 1024
_FULL, _STALLED, _SLOW = "full", "stalled", "slow"


class Pipe:
    """One client's connection, and the relay's end of it."""

    def __init__(self, proxy: Proxy, down: asyncio.Transport) -> None:
        self.name = int(down.get_extra_info("peername")[1])  # the client's port
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self._down = down
        self._up: asyncio.Transport | None = None
        self._holds: set[str] = set()
        self._delay = 0.0
        self._delayed: deque[tuple[float, bytes]] = deque()
        self._cut = False
        self._slow_until = 0.0
        self._early = bytearray()
        down.set_write_buffer_limits(high=FULL_BYTES)

    # What the network does

    def stall(self, seconds: float) -> None:
        """Take nothing from the relay for a while."""
        self._hold(_STALLED)
        self._loop.call_later(seconds, self._free, _STALLED)

    def slow(self, seconds: float) -> None:
        """Take SLOW_BYTES_PER_SECOND at most for a while."""
        self._slow_until = self._loop.time() + seconds

    def delay(self, seconds: float) -> None:
        """Let what the relay sends arrive so much later, from now on."""
        self._delay = seconds

    def cut(self) -> None:
        """With the next bytes, lose their end and the connection."""
        self._cut = True

    def reset(self) -> None:
        """Lose the connection at once; both sides get a reset."""
        for transport in (self._down, self._up):
            if transport is not None and not transport.is_closing():
                linger = struct.pack("ii", 1, 0)
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                transport.abort()

    # What the two sides say

    def joined(self, up: asyncio.Transport) -> None:
        """The relay's end is there."""
        self._up = up
        sock = up.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        if self._down.is_closing():
            up.abort()
        else:
            up.write(bytes(self._early))

    def from_client(self, data: bytes) -> None:
        """Bytes for the relay."""
        if self._up is not None:
            if not self._up.is_closing():
                self._up.write(data)
        else:
            self._early += data  # a client says little before it is answered

    def from_relay(self, data: bytes) -> None:
        """Bytes for the client."""
        if self._cut and len(data) > 1:
            self._flush()  # what came earlier is not what is lost
            self._to_client(data[: -min(self._proxy.rng.randint(1, 20), len(data) - 1)])
            self._down.close()
            if self._up is not None:
                self._up.abort()
            return
        now = self._loop.time()
        if now < self._slow_until:
            self._hold(_SLOW)
            self._loop.call_later(len(data) / SLOW_BYTES_PER_SECOND, self._free, _SLOW)
        if not self._delay and not self._delayed:
            self._to_client(data)
            return
        # Never before what came earlier, whatever the delay was then.
        due = max(now + self._delay, self._delayed[-1][0] if self._delayed else 0.0)
        if not self._delayed:
            self._loop.call_at(due, self._arrive)
        self._delayed.append((due, data))

    def full(self, *, is_full: bool) -> None:
        """The client's side has bytes enough, or room again."""
        if is_full:
            self._hold(_FULL)
        else:
            self._free(_FULL)

    def relay_gone(self) -> None:
        """The relay's end is closed: so is the client's, once it has all that was sent."""
        self._up = None
        self._flush()
        self._down.close()

    def client_gone(self) -> None:
        """The client's end is closed."""
        self._delayed.clear()
        self._proxy.pipes.pop(self.name, None)
        if self._up is not None:
            self._up.close()

    def _to_client(self, data: bytes) -> None:
        if not self._down.is_closing():
            self._down.write(data)

    def _flush(self) -> None:
        while self._delayed:
            self._to_client(self._delayed.popleft()[1])

    def _arrive(self) -> None:
        if self._delayed:
            self._to_client(self._delayed.popleft()[1])
        if self._delayed:
            self._loop.call_at(self._delayed[0][0], self._arrive)

    def _hold(self, why: str) -> None:
        if not self._holds and self._up is not None:
            self._up.pause_reading()
        self._holds.add(why)

    def _free(self, why: str) -> None:
        self._holds.discard(why)
        if not self._holds and self._up is not None and not self._up.is_closing():
            self._up.resume_reading()


class Proxy:
    """Listens on a port of its own. target: the relay's port, 0 while there is none.

    host: where the relay is.
    """

    def __init__(self, rng: random.Random, host: str = "127.0.0.1") -> None:
        self.rng = rng
        self.host = host
        self.port = 0
        self.target = 0
        self.pipes: dict[int, Pipe] = {}
        self._joining: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Down(self), "127.0.0.1", 0, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for pipe in list(self.pipes.values()):
            pipe.reset()
        for task in list(self._joining):
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)

    def take(self, pipe: Pipe, down: asyncio.Transport) -> None:
        """A client came: join it to the relay."""
        self.pipes[pipe.name] = pipe
        task = asyncio.get_running_loop().create_task(self._join(pipe, down))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self, pipe: Pipe, down: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.create_connection(lambda: _Up(pipe), self.host, self.target)
        except (OSError, TimeoutError):
            down.abort()


class _Down(asyncio.Protocol):
    """The client's end."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._pipe: Pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        down = cast("asyncio.Transport", transport)
        self._pipe = Pipe(self._proxy, down)
        self._proxy.take(self._pipe, down)

    def data_received(self, data: bytes) -> None:
        self._pipe.from_client(data)

    def pause_writing(self) -> None:
        self._pipe.full(is_full=True)

    def resume_writing(self) -> None:
        self._pipe.full(is_full=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pipe.client_gone()


class _Up(asyncio.Protocol):
    """The relay's end."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._pipe.joined(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        self._pipe.from_relay(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pipe.relay_gone()
