"""One client as a Sans-I/O machine: frames in, decisions out.

It holds next to nothing while a client is idle: five thousand of them fit where one ASGI task's
frame would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from websockets.exceptions import ProtocolError
from websockets.frames import Close as CloseFrame
from websockets.frames import Opcode

from unionflow_relay.core import deflate, dialects, frames
from unionflow_relay.core.cursor import Cursor, parse_cursor
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import event_types
from unionflow_relay.errors import BrokenFrame, MalformedCursor, MalformedQuery

MAX_MESSAGE_BYTES = 65_536
MAX_FRAGMENTS = 1_024
MAX_MISSED_HEARTBEATS = 3


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes, one or more whole frames."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Send a close frame, then wait for the client's own for a bounded time."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The client closes: answer with its own close frame and hang up."""

    code: int
    answer: bytes


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Narrow the connection to these types; None is all of them."""

    event_types: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """The client has a new token."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResumeFrom:
    """The client's cursor came as its first message."""

    cursor: Cursor


Action = Send | Close | Goodbye | Subscribe | Refresh | ResumeFrom
_NOTHING: Sequence[Action] = ()


class _Fragments:
    """A message whose last fragment has not come."""

    __slots__ = ("compressed", "pieces", "size")

    def __init__(self, *, compressed: bool) -> None:
        self.compressed = compressed
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> bool:
        """Keep one more fragment. False where that is too much."""
        self.pieces.append(data)
        self.size += len(data)
        return self.size <= MAX_MESSAGE_BYTES and len(self.pieces) <= MAX_FRAGMENTS


class Session:
    """What one client said so far, as far as it still matters."""

    __slots__ = ("_awaits_cursor", "_dialect", "_fragments", "_heard", "_missed")

    def __init__(self, dialect: Dialect, *, awaits_cursor: bool = False) -> None:
        self._dialect = dialect
        self._awaits_cursor = awaits_cursor
        self._fragments: _Fragments | None = None
        self._heard = True
        self._missed = 0

    def on_heartbeat(self) -> Sequence[Action]:
        """A heartbeat period has passed. Three without a word from the client end it (4409)."""
        if self._heard:
            self._heard = False
            self._missed = 0
            return _NOTHING
        self._missed += 1
        if self._missed < MAX_MISSED_HEARTBEATS:
            return _NOTHING
        return (Close(4409, "nothing heard for three heartbeats"),)

    def on_frame(
        self, opcode: Opcode, data: bytes, *, fin: bool, compressed: bool = False
    ) -> Sequence[Action]:
        """Take one frame of the client's, already unmasked and checked as RFC 6455 asks.

        compressed: whether it begins a message of permessage-deflate.
        """
        self._heard = True
        if opcode is Opcode.PING:
            return (Send(frames.frame(frames.PONG, data)),)
        if opcode is Opcode.PONG:
            return _NOTHING
        if opcode is Opcode.CLOSE:
            return (_goodbye(data),)
        if (opcode is Opcode.CONT) != (self._fragments is not None):
            return (Close(1002, "a message's fragments are out of order"),)
        if opcode is Opcode.BINARY:
            return (Close(1003, "only text messages are taken"),)
        if self._fragments is None and fin:
            return self._on_message(data, compressed=compressed)
        return self._on_fragment(data, fin=fin, compressed=compressed)

    def _on_fragment(self, data: bytes, *, fin: bool, compressed: bool) -> Sequence[Action]:
        fragments = self._fragments = self._fragments or _Fragments(compressed=compressed)
        fits = fragments.add(data)
        if fits and not fin:
            return _NOTHING
        self._fragments = None
        if not fits:
            return (Close(1009, "a message has at most 64 KiB"),)
        return self._on_message(b"".join(fragments.pieces), compressed=fragments.compressed)

    def _on_message(self, data: bytes, *, compressed: bool) -> Sequence[Action]:
        try:
            text = (deflate.inflate(data, MAX_MESSAGE_BYTES) if compressed else data).decode()
        except BrokenFrame as broken:
            return (Close(broken.code, broken.reason),)
        except UnicodeDecodeError:
            return (Close(1007, "a text message must be UTF-8"),)
        if self._dialect is Dialect.PLAIN:
            return _plain_message(text)
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("type"), str):
            return (Close(4400, "a message is a JSON object with a type"),)
        return self._v1_message(body)

    def _v1_message(self, body: dict[str, object]) -> Sequence[Action]:
        match body["type"]:
            case "ping":
                return (Send(dialects.V1_PONG),)
            case "subscribe":
                return (_subscribe(body.get("eventTypes")),)
            case "resume":
                return (self._resume(body.get("cursor")),)
            case "refresh":
                return (_refresh(body.get("token")),)
            case _:
                return _NOTHING

    def _resume(self, cursor: object) -> Action:
        if not self._awaits_cursor:
            text = "resume is the first message after ?cursor=message, once"
            return Send(dialects.error("resume_not_expected", text))
        self._awaits_cursor = False
        if not isinstance(cursor, str):
            return Close(4400, "resume carries a cursor")
        try:
            return ResumeFrom(parse_cursor(cursor))
        except MalformedCursor as problem:
            return Close(4400, str(problem))


def _subscribe(listed: object) -> Action:
    if listed is None:
        return Subscribe(None)
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        return Send(dialects.error("bad_event_types", "eventTypes is a list of names, or null"))
    try:
        return Subscribe(event_types(listed))
    except MalformedQuery as problem:
        return Send(dialects.error("bad_event_types", str(problem)))


def _refresh(token: object) -> Action:
    if not isinstance(token, str):
        return Send(dialects.error("invalid_token", "refresh carries a token"))
    return Refresh(token)


def _plain_message(text: str) -> Sequence[Action]:
    if text.strip() == "ping":
        return (Send(dialects.PLAIN_PONG),)
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _NOTHING
    if isinstance(body, dict) and body.get("type") == "ping":
        return (Send(dialects.PLAIN_JSON_PONG),)
    return _NOTHING


def _goodbye(data: bytes) -> Action:
    try:
        said = CloseFrame.parse(data)
    except ProtocolError:
        return Close(1002, "a close frame carries a valid code")
    except UnicodeDecodeError:
        return Close(1007, "a close reason must be UTF-8")
    if not data:  # a browser's plain close() carries no code: it is a goodbye all the same
        return Goodbye(1000, frames.frame(frames.CLOSE, b""))
    return Goodbye(said.code, frames.close(said.code))
