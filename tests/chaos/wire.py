"""Connections of the audit's own: small, so that hundreds fit beside brokers and relays.

A WebSocket keeps to what a relay sends: unmasked frames, unfragmented, compressed where that was
asked for. A stream of server-sent events is read as a relay writes it: LF alone ends a line.
"""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Protocol, cast

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL, _FINAL_COMPRESSED = 0x80, 0xC0
_TAIL = b"\x00\x00\xff\xff"  # RFC 7692 section 7.2.2
EXTENSION = b"permessage-deflate"
ABNORMAL = 1006
CONNECT_SECONDS = 5.0
MAX_HEAD_BYTES = 16_384


class Owner(Protocol):
    """What a connection tells its client."""

    def on_upgraded(self) -> None:
        """The handshake is over."""

    def on_text(self, text: bytes) -> None:
        """A whole text frame came."""

    def on_block(self, kind: bytes, data: bytes, id: bytes | None) -> None:
        """A whole server-sent event came. id: where it has one."""

    def on_broken(self, why: str) -> None:
        """The relay broke the wire's rules; the connection is cut."""


def upgrade_request(
    target: str, *, v1: bool, deflate: bool = False, headers: Iterable[str] = (), bearer: str = ""
) -> bytes:
    """The head of a WebSocket's handshake. bearer: a token to bring beside the subprotocol."""
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: audit",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
        *headers,
    ]
    if v1:
        beside = f", bearer.{bearer}" if bearer else ""
        lines.append(f"Sec-WebSocket-Protocol: unionflow.v1{beside}")
    if deflate:
        lines.append(f"Sec-WebSocket-Extensions: {EXTENSION.decode()}; client_max_window_bits")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def stream_request(target: str, *, last_event_id: str | None, headers: Iterable[str] = ()) -> bytes:
    """The head of a request for server-sent events."""
    lines = [f"GET {target} HTTP/1.1", "Host: audit", "Accept: text/event-stream", *headers]
    if last_event_id is not None:
        lines.append(f"Last-Event-ID: {last_event_id}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def client_frame(opcode: int, payload: bytes) -> bytes:
    """A frame as clients send them: with a mask, which is all zeroes here."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


class Wire(asyncio.Protocol, ABC):
    """One connection. `ended` is set with its close code, 1006 where nothing said one.

    status: of the answer, 0 before it. local_port: ours; it names the connection.
    """

    good = 200

    def __init__(self, request: bytes, owner: Owner) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.status = 0
        self.heard = asyncio.get_running_loop().time()
        self.local_port = 0
        self.inflated = 0
        self._request = request
        self._owner = owner
        self._buffer = bytearray()
        self._code: int | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.local_port = transport.get_extra_info("sockname")[1]
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(ABNORMAL if self._code is None else self._code)

    def data_received(self, data: bytes) -> None:
        self.heard = asyncio.get_running_loop().time()
        self._buffer += data
        if not self.status and not self._answered():
            return
        if self.status == self.good:
            self._read()

    @property
    def is_open(self) -> bool:
        """Whether the answer was a good one."""
        return self.status == self.good

    def send(self, text: bytes) -> None:
        """Send a text message; nothing happens where the connection is on its way out."""
        raise NotImplementedError("an event stream takes no messages: its client asks for nothing")

    def close(self, code: int) -> None:
        """Say goodbye and hang up; what comes meanwhile is not taken."""
        if self._code is None and not self._transport.is_closing():
            self._code = code
            self._say_goodbye(code)
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if not self._transport.is_closing():
            self._transport.abort()

    def _answered(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(self._buffer) > MAX_HEAD_BYTES:
                self._break("an endless answer to the handshake")
            return False
        self.status = int(head.split(b" ", 2)[1])
        self._buffer = bytearray(rest)
        if self.is_open:
            self._begin(bytes(head))
            self._owner.on_upgraded()
        else:
            self._transport.close()
        return True

    def _begin(self, head: bytes) -> None:
        """The answer is good."""

    @abstractmethod
    def _read(self) -> None:
        """Take what is whole from the buffer."""

    def _say_goodbye(self, code: int) -> None:
        """Tell the relay, where it can be told."""

    def _break(self, why: str) -> None:
        self._owner.on_broken(why)
        self._transport.abort()


class WebSocketWire(Wire):
    """A WebSocket. deflate: whether compression was asked for."""

    good = 101

    def __init__(self, request: bytes, owner: Owner, *, deflate: bool = False) -> None:
        super().__init__(request, owner)
        self._deflate = deflate

    def send(self, text: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(client_frame(_TEXT, text))

    def _begin(self, head: bytes) -> None:
        granted = EXTENSION in head.lower()
        if granted and not self._deflate:
            self._break("compression that nobody asked for")
        self._deflate = granted

    def _say_goodbye(self, code: int) -> None:
        self._transport.write(client_frame(_CLOSE, struct.pack("!H", code)))

    def _read(self) -> None:
        buffer, at, have = self._buffer, 0, len(self._buffer)
        while have - at >= 2 and not self._transport.is_closing():
            first, size, begin = buffer[at], buffer[at + 1], at + 2
            if size == 126 and have >= at + 4:
                size, begin = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
            elif size == 127 and have >= at + 10:
                size, begin = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
            elif size in {126, 127} or have < begin + size:
                break
            if have < begin + size:
                break
            self._take(first, bytes(buffer[begin : begin + size]))
            at = begin + size
        del buffer[:at]

    def _take(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if first == _FINAL_COMPRESSED | _TEXT and self._deflate:
            self._inflate(payload)
        elif first & 0xF0 != _FINAL:
            self._break(f"a frame begins with {first:#x}")
        elif opcode == _TEXT:
            self._owner.on_text(payload)
        elif opcode == _PING:
            self._transport.write(client_frame(_PONG, payload))
        elif opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2]) if payload else 1005
            self._transport.write(client_frame(_CLOSE, payload[:2]))
            self._transport.close()
        elif opcode != _PONG:
            self._break(f"a frame with opcode {opcode}")

    def _inflate(self, payload: bytes) -> None:
        try:
            text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + _TAIL)
        except zlib.error as error:
            self._break(f"a compressed frame is no DEFLATE data: {error}")
            return
        self.inflated += 1
        self._owner.on_text(text)


class StreamWire(Wire):
    """A stream of server-sent events. Its owner tells it the code that the relay's `close` has."""

    def told(self, code: int) -> None:
        """The relay's last word."""
        if self._code is None:
            self._code = code

    def _read(self) -> None:
        *blocks, rest = bytes(self._buffer).split(b"\n\n")
        self._buffer = bytearray(rest)
        for block in blocks:
            kind, data, id = b"message", None, None
            for line in block.split(b"\n"):
                name, colon, value = line.partition(b": ")
                if name == b"data":
                    data = value if data is None else data + b"\n" + value
                elif name == b"event":
                    kind = value
                elif name == b"id":
                    id = value
                elif line and (name != b"retry" or not value.isdigit() or not colon):
                    self._break(f"a line of a stream that means nothing: {line[:80]!r}")
                    return
            if data is not None and self._code is None and not self._transport.is_closing():
                self._owner.on_block(kind, data, id)


async def connect(port: int, make: Callable[[], Wire]) -> Wire | None:
    """A connection to a loopback port; None where there is none within CONNECT_SECONDS."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, wire = await loop.create_connection(make, "127.0.0.1", port)
    except (OSError, TimeoutError):
        return None
    return wire
