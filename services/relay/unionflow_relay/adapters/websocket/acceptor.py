"""The client side's HTTP: a request's head is parsed once and either accepted or refused.

uvicorn makes one of these per connection. No ASGI application is called and no task is made: the
answer goes out in the same call in which the last header arrived, and hands the transport on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol, cast

import httptools

from unionflow_access import UnknownKey
from unionflow_relay.core.deadlines import Deadlines
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import Accepted, Refused, Request

MAX_HEAD_BYTES = 32_768
MAX_HEADERS = 100
MAX_SUBPROTOCOLS_BYTES = 16_384  # a token is among them
_NO_UPGRADE = "this is no upgrade"


class Door(Protocol):
    """Decides about requests and takes accepted clients in.

    waiting: connections whose request is not answered yet, for the owner to abort in time: a
    timer each would cost a storm of handshakes more than the sweep.
    """

    waiting: Deadlines[Acceptor]

    def arrived(self, acceptor: Acceptor) -> None:
        """Somebody connected: let it wait for its request, and others no longer."""

    def decide(self, request: Request, *, waited: bool = False) -> Accepted | Refused:
        """Judge a request's head. Raises UnknownKey where it is to `wait` first, then `waited`."""

    def wait(self, then: Callable[[], None]) -> Refused | None:
        """Call `then` once the token's key may be known; a refusal where that is too much."""

    def admit(self, transport: asyncio.Transport, accepted: Accepted) -> asyncio.Protocol:
        """Answer the handshake and return the protocol that now owns the transport."""

    def refused(self, refused: Refused) -> None:
        """A request was refused."""


class Acceptor(asyncio.Protocol):
    """One connection until its first request is answered."""

    __slots__ = (
        "_done",
        "_door",
        "_header_count",
        "_headers",
        "_method",
        "_parser",
        "_received",
        "_server",
        "_transport",
        "_upgrades",
        "_url",
        "_whole",
    )

    def __init__(self, door: Door, *, server_state: Any, **_uvicorn: Any) -> None:
        self._door = door
        self._server = server_state
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._header_count = 0
        self._received = 0
        self._method = ""
        self._upgrades = False
        self._whole = False
        self._done = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected; the door's deadline runs."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._server.connections.add(self)
        self._door.arrived(self)

    def abort(self) -> None:
        """The deadline has passed."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client went before it was answered."""
        self._leave()

    def shutdown(self) -> None:
        """uvicorn stops: a handshake that is not over will not be."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes of the request, and perhaps of what follows its head."""
        if self._done:
            return
        self._received += len(data)
        if self._received > MAX_HEAD_BYTES:
            self._refuse(Refused(431, "the request's head has at most 32 KiB"))
            return
        rest = b""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
        except httptools.HttpParserError:
            if not self._whole:
                self._refuse(Refused(400, "this is not HTTP/1.1"))
                return
        if self._whole:  # answered once the parser has let go of the bytes
            self._judge(rest)

    # httptools calls these while it parses.

    def on_url(self, url: bytes) -> None:
        """A piece of the request target; of another request behind it, nothing is heard."""
        if not self._whole:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; a repeated one is joined by a comma (RFC 9110 section 5.2)."""
        if self._whole:
            return  # a chunked body's trailer, or another request's
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            return  # refused once the head is whole; joining thousands would take long
        key = _lower(name)
        text = value.decode("latin-1")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if not self._whole:
            self._whole = True
            self._method = self._parser.get_method().decode("latin-1")
            self._upgrades = bool(self._parser.should_upgrade())

    def _judge(self, rest: bytes) -> None:
        try:
            verdict = self._decide()
        except UnknownKey:
            self._wait(rest)
        else:
            self._answer(verdict, rest)

    def _wait(self, rest: bytes) -> None:
        """Read no more until the token's key was asked for; `waiting` bounds it."""
        self._transport.pause_reading()
        refused = self._door.wait(lambda: self._after_waiting(rest))
        if refused is not None:
            self._refuse(refused)

    def _after_waiting(self, rest: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._answer(self._decide(waited=True), rest)

    def _answer(self, verdict: Accepted | Refused, rest: bytes) -> None:
        if isinstance(verdict, Refused):
            self._refuse(verdict)
            return
        if not self._upgrades and verdict.view.dialect is not Dialect.SSE:
            self._refuse(Refused(400, _NO_UPGRADE))
            return
        self._leave()
        self._done = True
        peer = self._door.admit(self._transport, verdict)
        if rest:
            peer.data_received(rest)

    def _decide(self, *, waited: bool = False) -> Accepted | Refused:
        if self._header_count > MAX_HEADERS:
            return Refused(431, f"a request has at most {MAX_HEADERS} headers")
        if len(self._headers.get("sec-websocket-protocol", "")) > MAX_SUBPROTOCOLS_BYTES:
            return Refused(431, "Sec-WebSocket-Protocol has at most 16 KiB")
        try:
            target = self._url.decode("ascii")
        except UnicodeDecodeError:
            return Refused(400, "the request target must be ASCII")
        address = str(self._transport.get_extra_info("peername", ("",))[0])
        return self._door.decide(
            Request(self._method, target, self._headers, address), waited=waited
        )

    def _refuse(self, refused: Refused) -> None:
        if self._done:
            return
        self._done = True
        self._door.refused(refused)
        self._transport.write(_answer(refused, with_body=self._method != "HEAD"))
        self._transport.close()

    def _leave(self) -> None:
        self._door.waiting.discard(self)
        self._server.connections.discard(self)


@lru_cache(maxsize=256)
def _lower(name: bytes) -> str:
    """A header's name. Nearly all clients send the same few."""
    return name.decode("latin-1").lower()


def _answer(refused: Refused, *, with_body: bool) -> bytes:
    body = f"{refused.message}\n".encode() if refused.message else b""
    lines = [
        f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in refused.headers),
    ]
    if body:
        lines += ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + body if with_body else head
