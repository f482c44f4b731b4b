"""One client after its handshake: a protocol object that holds next to nothing while idle.

It carries out what its session decides. It has no task; uvloop calls it when bytes arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from websockets.frames import Opcode

from unionflow_relay.core import frames
from unionflow_relay.core.cursor import Cursor
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.rates import Pace
from unionflow_relay.core.reading import FrameReader
from unionflow_relay.core.session import (
    Action,
    Close,
    Goodbye,
    Refresh,
    ResumeFrom,
    Send,
    Session,
    Subscribe,
)
from unionflow_relay.errors import BrokenFrame

CLOSE_GRACE_SECONDS = 5.0
FIRST_MESSAGE_SECONDS = 10.0
FLOOD_GRACE_SECONDS = 1.0  # for a client that is not read any more to read why
FRAGMENT_COST = 1 / 64  # of a message: as many fragments as a message may have cost 16
ABNORMAL = 1006  # RFC 6455 section 7.1.5: the connection went without a close frame


class Owner(Protocol):
    """What a peer tells the hub. message_pace: how often it may hear from its client."""

    @property
    def message_pace(self) -> Pace | None:
        """None for as often as it likes."""

    def on_flood(self, peer: Peer) -> None:
        """The client says more than it may: close it. Nothing more is read from it."""

    def on_subscribe(self, peer: Peer, event_types: frozenset[str] | None) -> None:
        """The client narrowed what it gets."""

    def on_refresh(self, peer: Peer, token: str) -> None:
        """The client has a new token."""

    def on_resume(self, peer: Peer, cursor: Cursor) -> None:
        """The client's cursor came as its first message."""

    def on_leaving(self, peer: Peer) -> None:
        """Nothing more is to be sent to this client. Called at least once for each."""

    def on_slow(self, peer: Peer) -> None:
        """The client's buffer passed its limit: `paused` is set, and no more is to be written."""

    def on_drained(self, peer: Peer) -> None:
        """The buffer has room again: `paused` is clear."""

    def on_closed(self, peer: Peer, code: int) -> None:
        """The connection is gone; called once. `code`: who closed first said it, else ABNORMAL."""


class Peer(asyncio.Protocol):
    """A WebSocket client. `transport` is for the hub's writes; all else goes through methods."""

    __slots__ = (
        "_code",
        "_deadline",
        "_deaf",
        "_deflate",
        "_hears_freely_at",
        "_owner",
        "_reader",
        "_session",
        "dialect",
        "paused",
        "transport",
    )

    def __init__(
        self,
        owner: Owner,
        transport: asyncio.Transport,
        dialect: Dialect,
        *,
        awaits_cursor: bool = False,
        deflate: bool = False,
    ) -> None:
        self._owner = owner
        self.transport = transport
        self.dialect = dialect
        self.paused = False
        self._session = Session(dialect, awaits_cursor=awaits_cursor)
        self._deflate = deflate
        self._reader: FrameReader | None = None
        self._deaf = False
        self._code: int | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._hears_freely_at = 0.0
        if awaits_cursor:
            self._expect_by(FIRST_MESSAGE_SECONDS, self._on_no_cursor)

    @property
    def closing(self) -> bool:
        """True once either side has begun to close."""
        return self._code is not None

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._deaf:
            return
        reader = self._reader or FrameReader(deflate=self._deflate)
        try:
            for frame in reader.feed(data):
                if self.transport.is_closing():
                    return
                if self.closing and frame.opcode is not Opcode.CLOSE:
                    continue
                if not self._may_say(frame.opcode):
                    return
                self._carry_out(
                    self._session.on_frame(
                        frame.opcode, frame.data, fin=frame.fin, compressed=frame.compressed
                    )
                )
        except BrokenFrame as broken:
            self.close(broken.code, broken.reason)
            self._turn_deaf()
            return
        self._reader = None if reader.idle else reader

    def on_heartbeat(self, frame: bytes) -> None:
        """A heartbeat period has passed: write `frame`, or end a client that is silent."""
        actions = self._session.on_heartbeat()
        if actions:
            self._carry_out(actions)
        elif not self.closing and not self.paused:
            self.write(frame)

    def pause_writing(self) -> None:
        """The buffer passed its limit: this client is slow, and nobody waits for it."""
        self.paused = True
        if not self.closing:
            self._owner.on_slow(self)

    def resume_writing(self) -> None:
        """The buffer drained."""
        self.paused = False
        if not self.closing:
            self._owner.on_drained(self)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and hang up when the client answers or CLOSE_GRACE_SECONDS have passed."""
        if self.closing:
            return
        self._code = code
        self._owner.on_leaving(self)
        self.write(frames.close(code, reason))
        self._expect_by(CLOSE_GRACE_SECONDS, self.transport.abort)

    def write(self, data: bytes) -> None:
        """Write whole frames. To a socket that is gone this does nothing.

        uvloop closes a broken handle before it says connection_lost; a write in between raises,
        where asyncio's own would only warn, and would end the relay for everybody.
        """
        try:
            self.transport.write(data)
        except RuntimeError:
            self.transport.abort()

    def answer(self, data: bytes) -> None:
        """Write what the client's own message asked for.

        A slow reader's ping is answered too, until answers alone have filled its buffer again.
        """
        if self.closing:
            return
        if self.paused:
            limit = self.transport.get_write_buffer_limits()[1]
            if self.transport.get_write_buffer_size() > 2 * limit:
                self.close(4408, "too slow: it asks for answers and does not read them")
                return
        self.write(data)

    def cursor_came(self) -> None:
        """The first message was taken: stop waiting for it."""
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, for whatever reason."""
        self._stop_waiting()
        self._owner.on_leaving(self)
        self._owner.on_closed(self, ABNORMAL if self._code is None else self._code)

    def _may_say(self, opcode: Opcode) -> bool:
        """Take a frame from what the client may say. One that says too much is read no more."""
        pace = self._owner.message_pace
        if pace is None or self.closing:
            return True
        cost = FRAGMENT_COST if opcode is Opcode.CONT else 1.0
        now = asyncio.get_running_loop().time()
        freely_at = pace.take(self._hears_freely_at, now, cost)
        if freely_at is None:
            self._owner.on_flood(self)
            self.transport.pause_reading()  # a reset would take the close frame with it
            self._expect_by(FLOOD_GRACE_SECONDS, self.transport.close)
            return False
        self._hears_freely_at = freely_at
        return True

    def _carry_out(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if self.closing:
                if isinstance(action, Goodbye):
                    self.transport.close()
                return
            match action:
                case Send(data):
                    self.answer(data)
                case Close(code, reason):
                    self.close(code, reason)
                case Goodbye(code, answer):
                    self._code = code
                    self._owner.on_leaving(self)
                    self.write(answer)
                    self._expect_by(CLOSE_GRACE_SECONDS, self.transport.abort)
                    self.transport.close()
                case Subscribe(event_types):
                    self._owner.on_subscribe(self, event_types)
                case Refresh(token):
                    self._owner.on_refresh(self, token)
                case ResumeFrom(cursor):
                    self._owner.on_resume(self, cursor)

    def _turn_deaf(self) -> None:
        """Nothing more is understood after an error (RFC 6455 section 7.1.7).

        What still comes is thrown away until the client hangs up, or `close`'s deadline: hanging
        up on unread bytes would be a reset, which can take the close frame with it.
        """
        self._deaf = True
        self._reader = None
        try:
            self.transport.write_eof()
        except RuntimeError:  # as in `write`
            self.transport.abort()

    def _on_no_cursor(self) -> None:
        self.close(4400, "no cursor came within 10 seconds")

    def _expect_by(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, otherwise)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
