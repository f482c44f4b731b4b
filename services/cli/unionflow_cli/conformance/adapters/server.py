"""The one server of a run: each connection goes to the play that its address names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from unionflow_cli.conformance.adapters.guest import Guest

LOOPBACK = "127.0.0.1"


class Hall:
    """Where guests are told apart. plays: of each play that runs, who takes its guests."""

    def __init__(self) -> None:
        self.plays: dict[str, Callable[[Guest], None]] = {}
        self.port = 0

    def received(self, guest: Guest) -> None:
        """A request has come; nobody answers one of a play that is over."""
        take = self.plays.get(guest.visit.play) if guest.visit is not None else None
        if take is None:
            guest.drop()
        else:
            take(guest)


@asynccontextmanager
async def listening() -> AsyncIterator[Hall]:
    """A server on a free port of the loopback address."""
    hall = Hall()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Guest(hall.received), LOOPBACK, 0)
    hall.port = server.sockets[0].getsockname()[1]
    try:
        yield hall
    finally:
        server.close()
