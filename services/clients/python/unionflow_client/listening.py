"""How a program takes events: one at a time from an iterator, or by listeners."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from unionflow_client.core.effects import Notice
from unionflow_client.core.session import Session
from unionflow_client.core.status import State
from unionflow_client.errands import Tasks
from unionflow_client.errors import AlreadyConsumed, Refused
from unionflow_client.events import Event
from unionflow_client.status import Status

log = logging.getLogger("unionflow_client")
T = TypeVar("T")


class Events(AsyncIterator[Event]):
    """Taking the next event says that the one before is done with."""

    def __init__(
        self, session: Session, clock: Callable[[], float], settle: Callable[[], None]
    ) -> None:
        self._session = session
        self._clock = clock
        self._settle = settle
        self._in_hand = False
        self._over: Status | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def __anext__(self) -> Event:
        """See `Client.events`."""
        self.finish()
        while (event := self._session.take()) is None:
            if self._over is not None:
                raise _end(self._over)
            await self._wait()
        self._in_hand = True
        return event

    def finish(self) -> None:
        """The event in the program's hand is done with."""
        if self._in_hand:
            self._in_hand = False
            if self._session.finish(self._clock()):
                self._settle()

    def on_status(self, status: Status) -> None:
        """After the last event there is an end, where no more will come."""
        self._over = status if status.is_over else None

    def wake(self) -> None:
        """There may be an event, or the end."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise AlreadyConsumed("two tasks wait for this client's next event")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


def _end(status: Status) -> Exception:
    if status.state is State.REFUSED:
        return Refused(str(status.reason), status.detail)
    return StopAsyncIteration()


class Hearers(Generic[T]):
    """Functions that are called with each value; one that fails is logged and called again."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[T], None]] = {}

    def add(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call it from now on, until the function that this returns is called."""
        key = object()
        self._listeners[key] = listener

        def take_off() -> None:
            self._listeners.pop(key, None)

        return take_off

    def tell(self, value: T) -> None:
        """Call them all."""
        for listener in list(self._listeners.values()):
            try:
                listener(value)
            except Exception:
                log.exception("a listener failed")


class Listeners:
    """Those of events, which are taken for them by a task of their own; of statuses; of notices."""

    def __init__(self, tasks: Tasks) -> None:
        self.statuses: Hearers[Status] = Hearers()
        self.notices: Hearers[Notice] = Hearers()
        self._tasks = tasks
        self._listeners: dict[object, tuple[_Listener, tuple[type[Event], ...]]] = {}
        self._pump: asyncio.Task[None] | None = None

    def add(
        self, events: Events, listener: _Listener, kinds: tuple[type[Event], ...]
    ) -> Callable[[], None]:
        """See `Client.on_event`."""
        key = object()
        self._listeners[key] = (listener, kinds or (Event,))
        if self._pump is None:
            self._pump = self._tasks.start(self._run(events))

        def take_off() -> None:
            self._listeners.pop(key, None)
            if not self._listeners and self._pump is not None:
                self._pump.cancel()
                self._pump = None

        return take_off

    def must_be_none(self) -> None:
        """Raises AlreadyConsumed where listeners take the events."""
        if self._pump is not None:
            raise AlreadyConsumed("listeners take this client's events")

    async def _run(self, events: Events) -> None:
        async for event in events:
            for listener, kinds in list(self._listeners.values()):
                if isinstance(event, kinds):
                    await _call(listener, event)
        self._pump = None


_Listener = Callable[[Event], Awaitable[None] | None]


async def _call(listener: _Listener, event: Event) -> None:
    try:
        said = listener(event)
        if inspect.isawaitable(said):
            await said
    except Exception:
        log.exception("a listener failed")
