"""The client that programs use: asyncio round the session, one per program and token."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from unionflow_client.broadcast import Broadcast
from unionflow_client.connection import Connection
from unionflow_client.core.address import Wish
from unionflow_client.core.closing import GOODBYE
from unionflow_client.core.effects import (
    Ask,
    Close,
    Effect,
    Notice,
    Open,
    Purpose,
    Reading,
    Reload,
    Send,
    Store,
)
from unionflow_client.core.options import DEFAULT_QUEUE, DEFAULT_REMEMBER, Options
from unionflow_client.core.session import Session
from unionflow_client.core.status import Change
from unionflow_client.errands import Reload as ReloadFunction
from unionflow_client.errands import (
    StoreWriter,
    Tasks,
    Token,
    fetch_token,
    reload_succeeded,
)
from unionflow_client.errors import TokenUnavailable
from unionflow_client.events import Event
from unionflow_client.listening import Events, Listeners
from unionflow_client.status import Status, status_now
from unionflow_client.stores import CursorStore, MemoryStore

RELOAD_SECONDS = 60.0


class Client:
    """A client of the relay's events.

    Args:
        api_base: `https://api.example.org/unionflow`, or the WebSocket's own address.
        token: a token, or a function (plain or async) that is called afresh for each connection
            and before the token ends.
        store: where the cursor is kept between runs, so that what happened meanwhile comes.
        reload: called when events are gone for good: load the state anew. Later events wait.
        reload_seconds: its deadline; then it counts as failed and is called again.
        organizations, user, event_types, conflate: what to ask for; empty: all that may be seen.
        from_earliest: where nothing is stored, begin with all that Kafka retains, and not now.
        queue: events that may wait for the program; then reading stops.
        remember: ids that are kept for dropping repeats.
        tls: for addresses with TLS; None: the system's authorities.

    Raises:
        BadOption: one of them cannot be used.
        StoreUnavailable: the store could not be read.
    """

    def __init__(  # noqa: PLR0913  # all but the first are by name
        self,
        api_base: str,
        *,
        token: Token | None = None,
        store: CursorStore | None = None,
        reload: ReloadFunction | None = None,
        reload_seconds: float = RELOAD_SECONDS,
        organizations: Sequence[str] = (),
        user: str | None = None,
        event_types: Sequence[str] = (),
        conflate: Sequence[str] = (),
        from_earliest: bool = False,
        queue: int = DEFAULT_QUEUE,
        remember: int = DEFAULT_REMEMBER,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        options = Options(
            api_base,
            Wish(tuple(organizations), user, tuple(event_types), tuple(conflate)),
            has_tokens=token is not None,
            can_reload=reload is not None,
            from_earliest=from_earliest,
            queue=queue,
            remember=remember,
        )
        store = store or MemoryStore()
        self._session = Session(options, random.random, store.load())
        self._token, self._reload, self._reload_seconds = token, reload, reload_seconds
        self._tls = tls
        self._tasks = Tasks()
        self._store = StoreWriter(store, self._tasks)
        self._status = Broadcast(status_now(self._session.change))
        self._events = Events(self._session, _clock, self._settle)
        self._listeners = Listeners(self._tasks)
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._connection: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disconnect; where the block ended well, the last event counts as done."""
        if error is None:
            self._events.finish()
        await self.disconnect()
        self._status.end()
        await self._tasks.cancel_all()

    # Connecting

    def connect(self) -> None:
        """Connect and stay connected; ends a wait. To be called in a running loop."""
        self._session.connect(_clock())
        self._settle()

    async def disconnect(self) -> None:
        """Leave, and never come back unless `connect()` is called. The cursor is kept."""
        connection = self._connection
        self._session.disconnect()
        self._settle()
        if connection is not None:
            await connection.ended()
        await self._store.flush()

    def network_changed(self, *, is_up: bool) -> None:
        """For programs that are told of it: nothing is tried while it is down."""
        self._session.on_network(_clock(), is_up=is_up)
        self._settle()

    def woke_up(self) -> None:
        """For programs that are told of it: the device slept, and the connection may be dead."""
        self._session.on_visible(_clock())
        self._settle()

    # Events

    def events(self) -> AsyncIterator[Event]:
        """The events. Asking for the next one says that the one before is done with.

        It ends after `disconnect()`.

        Raises:
            AlreadyConsumed: two tasks wait for the next event, or listeners take them.
            Refused: the relay said no in a way that another try does not mend.
        """
        self._listeners.must_be_none()
        return self._events

    def on_event(
        self, listener: Callable[[Event], Awaitable[None] | None], *kinds: type[Event]
    ) -> Callable[[], None]:
        """Have a function called (and awaited) with each event, or with those of these classes.

        Listeners get one event after the other, in order. Returns a function that takes it off.
        """
        return self._listeners.add(self._events, listener, kinds)

    # Status

    @property
    def is_connected(self) -> bool:
        """Whether events come now."""
        return self._status.value.is_connected

    @property
    def status(self) -> Status:
        """How the connection is now."""
        return self._status.value

    def statuses(self) -> AsyncIterator[Status]:
        """The status now, and each that follows; a slow reader misses the oldest of 100."""
        return self._status.read()

    async def connections(self) -> AsyncIterator[bool]:
        """Whether it is connected: now, and each time that changes."""
        last: bool | None = None
        async for status in self._status.read():
            if status.is_connected is not last:
                last = status.is_connected
                yield last

    def on_status(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        """Have a function called with each new status. Returns a function that takes it off."""
        return self._listeners.statuses.add(listener)

    def on_notice(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Have a function called with what else there is to know: `Slow`, `Lost`, `Access`, …."""
        return self._listeners.notices.add(listener)

    # The session's decisions, carried out

    def _settle(self) -> None:
        session = self._session
        if session.has_effects:
            for effect in session.drain():
                self._carry_out(effect)
        self._events.wake()
        due, timer = session.deadline(), self._timer
        if due is None or (timer is not None and timer.when() * 1_000 <= due):
            return  # a timer that is too early looks again
        if timer is not None:
            timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due / 1_000, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._session.on_time(_clock())
        self._settle()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Change():
                self._on_change(effect)
            case Open():
                self._open(effect)
            case Send(text):
                if self._connection is not None:
                    self._connection.send(text)
            case Close(code):
                self._close(code)
            case Ask(purpose):
                self._tasks.run(self._ask(purpose))
            case Reload():
                self._tasks.run(self._call_reload(effect))
            case Store(cursor):
                self._store.keep(cursor)
            case Reading(wanted):
                (self._wanted.set if wanted else self._wanted.clear)()
            case _:
                self._listeners.notices.tell(effect)

    def _on_change(self, change: Change) -> None:
        status = status_now(change)
        self._status.tell(status)
        self._events.on_status(status)
        self._listeners.statuses.tell(status)

    def _open(self, opening: Open) -> None:
        self._close(GOODBYE)  # of a stream that said its last word and is still there
        self._connection = Connection(
            self._session, _clock, self._settle, self._events.wake, self._wanted
        )
        self._connection.start(self._tasks, opening, self._tls)

    def _close(self, code: int) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.give_up()
            self._tasks.run(connection.close(code))

    async def _ask(self, purpose: Purpose) -> None:
        token, detail = None, ""
        try:
            if self._token is not None:
                token = await fetch_token(self._token)
        except TokenUnavailable as problem:
            detail = str(problem)
        self._session.on_token(_clock(), purpose, token, detail)
        self._settle()

    async def _call_reload(self, owed: Reload) -> None:
        if self._reload is None:
            return
        succeeded = await reload_succeeded(self._reload, owed.ranges, self._reload_seconds)
        self._session.on_reloaded(_clock(), succeeded=succeeded)
        self._settle()


def _clock() -> float:
    """Milliseconds of the loop's clock, which the timers go by."""
    return asyncio.get_running_loop().time() * 1_000
