"""A connection by WebSocket, over the `websockets` library."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from unionflow_client.adapters.wire import (
    CLOSE_SECONDS,
    MAX_MESSAGE_BYTES,
    UNSENT_MESSAGES,
    Ear,
    in_words,
    is_loopback,
)
from unionflow_client.core.effects import Open
from unionflow_client.core.http import retry_after_ms

PROTOCOL = Subprotocol("unionflow.v1")
READ_AHEAD = 128  # messages that the library holds before it stops reading the socket
LOST = 1006


class WebSocketWire:
    """See `Wire`. tls: for wss addresses; None: the system's authorities."""

    def __init__(self, opening: Open, tls: ssl.SSLContext | None) -> None:
        self._opening = opening
        self._tls = tls
        self._connection: ClientConnection | None = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue(UNSENT_MESSAGES)

    async def run(self, ear: Ear) -> None:
        """Connect and listen until it ends."""
        try:
            connection = await self._connect()
        except InvalidStatus as problem:
            response = problem.response
            wait = retry_after_ms(response.headers.get("Retry-After", ""))
            said = (response.body or b"").decode(errors="replace").strip()
            ear.failed(response.status_code, wait, said.partition("\n")[0][:200])
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError) as problem:
            ear.failed(None, 0.0, in_words(self._opening.url, problem))
        else:
            await self._listen(connection, ear)

    def send(self, text: str) -> None:
        """Send soon; dropped where the connection takes nothing any more."""
        with contextlib.suppress(asyncio.QueueFull):
            self._unsent.put_nowait(text)

    async def close(self, code: int) -> None:
        """Say goodbye, for 2 s at most."""
        if self._connection is not None:
            await self._connection.close(code)

    async def _connect(self) -> ClientConnection:
        opening = self._opening
        headers = {"Authorization": f"Bearer {opening.token}"} if opening.token else {}
        return await connect(
            opening.url,
            subprotocols=[PROTOCOL],
            additional_headers=headers,
            compression=None,
            open_timeout=None,  # the session gives up by itself
            ping_interval=None,  # and pings by itself
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=READ_AHEAD,
            proxy=None if is_loopback(opening.url) else True,
            ssl=self._tls if opening.url.startswith("wss:") else None,
        )

    async def _listen(self, connection: ClientConnection, ear: Ear) -> None:
        self._connection = connection
        writing = asyncio.create_task(self._write(connection))
        try:
            ear.opened(agreed=connection.subprotocol == PROTOCOL)
            while True:
                await ear.until_wanted()
                message = await connection.recv()
                if type(message) is str:
                    ear.text(message, None)
                else:
                    ear.binary()
        except ConnectionClosed as closed:
            ear.closed(*_ending(closed))
        finally:
            writing.cancel()
            await asyncio.wait([writing])

    async def _write(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(await self._unsent.get())


def _ending(closed: ConnectionClosed) -> tuple[int, str]:
    """The close code and reason that the relay gave, else 1006."""
    return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (LOST, "")
