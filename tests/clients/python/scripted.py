"""A relay on a real socket that says what a test tells it, for faults that a real one has not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PATIENCE_SECONDS = 20.0


def welcome(cursor: str = "1~A:1") -> dict[str, Any]:
    """A first frame."""
    features = ["resume", "refresh"]
    return {"type": "welcome", "cursor": cursor, "heartbeatSeconds": 25, "features": features}


def event(id: str, position: str | None = None, event_type: str = "KPI_UPDATED") -> dict[str, Any]:
    """An event's frame; its position is made from a number in its id where none is given."""
    said = {"id": id, "eventType": event_type, "timestamp": "2026-11-24T09:30:00.125Z"}
    position = position or f"A.0.{id}"
    return {"type": "event", "position": position, "event": {**said, "data": {"id": id}}}


class Visit:
    """One client's connection, from the relay's side."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        request = connection.request
        assert request is not None
        self.path = request.path
        self.authorization = request.headers.get("Authorization")

    async def say(self, *frames: dict[str, Any]) -> None:
        """Send these, in order."""
        for frame in frames:
            await self.connection.send(json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        """The client's next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            said: dict[str, Any] = json.loads(await self.connection.recv(decode=True))
        return said

    def cut(self) -> None:
        """Lose the connection without a word."""
        self.connection.transport.abort()

    async def gone(self) -> tuple[int, str]:
        """How the client left."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


Script = Callable[[Visit], Awaitable[None]]


@asynccontextmanager
async def relay(*scripts: Script) -> AsyncIterator[str]:
    """Plays the first script to the first visit, and so on; the last one to all that follow.

    Gives the API base. A script that ends closes its connection with 1000.
    """
    left = list(scripts)

    async def handler(connection: ServerConnection) -> None:
        script = left.pop(0) if len(left) > 1 else left[0]
        with suppress(ConnectionClosed):
            await script(Visit(connection))

    protocols = [Subprotocol("unionflow.v1")]
    async with serve(handler, "127.0.0.1", 0, subprotocols=protocols, compression=None) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        yield f"http://{host}:{port}"


async def stay(visit: Visit) -> None:
    """Welcome, nothing was missed, and nothing more."""
    await visit.say(welcome(), {"type": "recovered", "replayed": 0, "cursor": "1~A:1"})
    await visit.gone()
