"""A WebSocket client that hands on what it hears, for as long as its task lives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from unionflow_cli.adapters.connection import ending, open_connection
from unionflow_cli.core.testimony import Frame
from unionflow_cli.core.trial import Dialect
from unionflow_cli.errors import CliError

RETRY_SECONDS = 1.0


@dataclass(slots=True)
class Listener:
    """One client. `hear` is called with each frame, in order, and must not block.

    opened: set while it is connected, and in `unionflow.v1` only after its `welcome`.
    lost: how the last connection ended; empty before that.
    """

    url: str
    dialect: Dialect
    hear: Callable[[Frame], None]
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    lost: str = ""
    _connection: ClientConnection | None = None

    async def run(self) -> None:
        """Connect, listen, and connect again a second after it ended; for ever."""
        while True:
            try:
                async with open_connection(self.url, self.dialect) as connection:
                    self._connection = connection
                    await self._listen(connection)
            except ConnectionClosed as closed:
                code, reason = ending(closed)
                self.lost = f"closed with code {code} {reason}".rstrip()
            except CliError as problem:
                self.lost = problem.message
            finally:
                self.opened.clear()
                self._connection = None
            await asyncio.sleep(RETRY_SECONDS)

    async def say(self, text: str) -> None:
        """Send one message; nothing is sent while it is not connected."""
        if self._connection is not None:
            await self._connection.send(text)

    async def _listen(self, connection: ClientConnection) -> None:
        if self.dialect is Dialect.PLAIN:
            self.opened.set()
        while True:
            text = str(await connection.recv())
            self.hear(Frame(time.monotonic(), text))
            self.opened.set()
