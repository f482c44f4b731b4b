"""One connection as the client sees it: what it says counts only until it was given up."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from unionflow_client.adapters.event_source import EventSourceWire
from unionflow_client.adapters.websocket import WebSocketWire
from unionflow_client.adapters.wire import CLOSE_SECONDS, Wire
from unionflow_client.core.effects import Open
from unionflow_client.core.session import Session
from unionflow_client.core.ways import Way
from unionflow_client.errands import Tasks

CLOSING_SECONDS = CLOSE_SECONDS + 1.0


class Connection:
    """Feeds one wire's words into the session.

    settle: called after each; arrived: instead of it, where nothing but an event came.
    """

    def __init__(
        self,
        session: Session,
        clock: Callable[[], float],
        settle: Callable[[], None],
        arrived: Callable[[], None],
        wanted: asyncio.Event,
    ) -> None:
        self._session = session
        self._clock = clock
        self._settle = settle
        self._arrived = arrived
        self._wanted = wanted
        self._given_up = False
        self._wire: Wire | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, tasks: Tasks, opening: Open, tls: ssl.SSLContext | None) -> None:
        """Connect and listen in a task of its own, until it ends or is given up."""
        make = WebSocketWire if opening.way is Way.WEBSOCKET else EventSourceWire
        self._wire = make(opening, tls)
        self._task = tasks.start(self._wire.run(self))

    async def ended(self) -> None:
        """Return when its task has."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def send(self, text: str) -> None:
        """Send soon."""
        if self._wire is not None:
            self._wire.send(text)

    def give_up(self) -> None:
        """From here on nothing of it is heard."""
        self._given_up = True

    async def close(self, code: int) -> None:
        """Say goodbye for a moment, then end it whatever the other side does."""
        try:
            if self._wire is not None:
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self._wire.close(code)
        except (OSError, TimeoutError):
            pass
        finally:
            if self._task is not None:
                self._task.cancel()

    # What a wire says

    def opened(self, *, agreed: bool) -> None:
        """The handshake is through."""
        if not self._given_up:
            self._session.on_opened(self._clock(), agreed=agreed)
            self._settle()

    def failed(self, status: int | None, retry_after_ms: float, detail: str) -> None:
        """No connection came about."""
        if not self._given_up:
            self.give_up()
            self._session.on_failed(self._clock(), status, retry_after_ms, detail)
            self._settle()

    def text(self, text: str, id: str | None) -> None:
        """A message."""
        if not self._given_up:
            if self._session.on_text(self._clock(), text, id):
                self._settle()
            else:
                self._arrived()

    def binary(self) -> None:
        """A binary message."""
        if not self._given_up:
            self._session.on_binary(self._clock())

    def closed(self, code: int, reason: str) -> None:
        """It has ended."""
        if not self._given_up:
            self.give_up()
            self._session.on_closed(self._clock(), code, reason)
            self._settle()

    async def until_wanted(self) -> None:
        """Return when another message may be read."""
        if not self._wanted.is_set():
            await self._wanted.wait()
