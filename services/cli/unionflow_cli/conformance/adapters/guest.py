"""One connection of the client under test, from the server's side: it does what a case says.

Frames are made here and not by a library, since a case may want what no library would send.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Final, cast

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from unionflow_cli.conformance.core.visit import Visit, parse_head

PROTOCOL: Final = Subprotocol("unionflow.v1")
MAX_HEAD_BYTES: Final = 64 * 1024
_NO_CODE, _NO_FRAME = 1005, 1006
_STREAM_SECONDS: Final = 0.02
_END_OF_HEAD: Final = b"\r\n\r\n"
_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)


class Cut(Enum):
    """How a connection is lost without a word."""

    QUIET = "the stream ends"
    RESET = "it is reset"
    MID_FRAME = "it ends within a frame"


class Guest(asyncio.Protocol):
    """Told by the play what to say; tells it what the client said.

    on_request: once, with the request's head. on_text: each message. on_left: the client hung up;
    the code that it gave, or None.
    """

    def __init__(self, on_request: Callable[[Guest], None]) -> None:
        self.visit: Visit | None = None
        self.on_text: Callable[[str], None] = lambda _text: None
        self.on_left: Callable[[int | None], None] = lambda _code: None
        self._on_request = on_request
        self._buffer = bytearray()
        self._message = bytearray()
        self._protocol: ServerProtocol | None = None
        self._accepted = False
        self._over = False
        self._was_left = False
        self._pong = asyncio.Event()
        self._transport: asyncio.Transport

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """The request's head, and frames once it was taken."""
        if self._accepted and self._protocol is not None:
            self._protocol.receive_data(data)
            self._take_frames(self._protocol)
            return
        self._buffer += data
        if self.visit is None and _END_OF_HEAD in self._buffer:
            self.visit = parse_head(bytes(self._buffer))
            if self.visit is None:
                self._transport.close()
            else:
                self._on_request(self)
        elif len(self._buffer) > MAX_HEAD_BYTES:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._left(None)
        self._pong.set()

    # The play's side

    @property
    def is_over(self) -> bool:
        """Whether either side has ended it."""
        return self._over

    @property
    def has_left(self) -> bool:
        """Whether it was the client that ended it."""
        return self._was_left

    @property
    def is_stream(self) -> bool:
        """Whether it asked for server-sent events."""
        return self.visit is not None and not self.visit.is_websocket

    def accept(self, *, agree: bool) -> None:
        """Take the handshake. agree: on `unionflow.v1`."""
        self._accepted = True
        if self.is_stream:
            self._transport.write(_STREAM_HEAD)
            return
        protocol = ServerProtocol(
            select_subprotocol=lambda _protocol, offered: (
                PROTOCOL if agree and PROTOCOL in offered else None
            ),
            max_size=None,
        )
        self._protocol = protocol
        protocol.receive_data(bytes(self._buffer))
        for request in protocol.events_received():
            protocol.send_response(protocol.accept(request))  # type: ignore[arg-type]  # the first event is the request
        self._flush(protocol)

    def refuse(self, status: int, retry_after_ms: float) -> None:
        """Answer the handshake with a status."""
        self._over = True
        phrase = HTTPStatus(status).phrase
        wait = f"Retry-After: {retry_after_ms / 1_000:g}\r\n" if retry_after_ms else ""
        head = f"HTTP/1.1 {status} {phrase}\r\n{wait}Content-Length: 0\r\nConnection: close\r\n\r\n"
        self._transport.write(head.encode())
        self._transport.close()

    def say(self, text: str, id: str | None = None, *, in_pieces: bool = False) -> None:
        """A message. in_pieces: as two frames of a fragmented one, where it is a WebSocket's."""
        if self._transport.is_closing():
            return
        data = text.encode()
        if self.is_stream:
            self._transport.write(_block(text, id))
        elif in_pieces and len(data) > 1:
            half = len(data) // 2
            for frame in (
                Frame(Opcode.TEXT, data[:half], fin=False),
                Frame(Opcode.CONT, data[half:]),
            ):
                self._transport.write(frame.serialize(mask=False))
        else:
            self._transport.write(Frame(Opcode.TEXT, data).serialize(mask=False))

    def say_bytes(self, data: bytes) -> None:
        """A binary message."""
        self._transport.write(Frame(Opcode.BINARY, data).serialize(mask=False))

    def is_said_goodbye(self) -> None:
        """A stream's `close` frame is its last word: what the client hangs up then is no news."""
        self._over = True

    def end(self, code: int, reason: str, cut: Cut) -> None:
        """End it with a close code; 1006: with none, by a cut."""
        self._over = True
        if code == _NO_FRAME or self.is_stream or not self._accepted:
            self._lose(cut)
            return
        payload = b"" if code == _NO_CODE else struct.pack("!H", code) + reason.encode()
        self._transport.write(Frame(Opcode.CLOSE, payload).serialize(mask=False))
        # The client's own close frame, or the end of its patience, ends the TCP connection.
        asyncio.get_running_loop().call_later(1.0, self._transport.close)

    def drop(self) -> None:
        """Nobody answers."""
        self._over = True
        self._transport.abort()

    async def has_read(self, seconds: float) -> None:
        """Return when the client has read what was said, or after so many seconds."""
        if not self._accepted or self._transport.is_closing() or self._over:
            return
        if self.is_stream:
            await asyncio.sleep(_STREAM_SECONDS)  # a stream gives no sign of having been read
            return
        self._pong.clear()
        self._transport.write(Frame(Opcode.PING, b"").serialize(mask=False))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._pong.wait()

    def _lose(self, cut: Cut) -> None:
        if cut is Cut.RESET:
            self._transport.abort()
            return
        if cut is Cut.MID_FRAME and self._accepted:
            event = '{"type":"event","position":"CUT.0.1","event":{"id":"cut","eventType":"CUT"}}'
            whole = _block(event, None) if self.is_stream else Frame(Opcode.TEXT, event.encode())
            data = whole if isinstance(whole, bytes) else whole.serialize(mask=False)
            self._transport.write(data[: len(data) * 2 // 3])
        self._transport.close()

    def _take_frames(self, protocol: ServerProtocol) -> None:
        for frame in protocol.events_received():
            if not isinstance(frame, Frame):
                continue
            if frame.opcode in {Opcode.TEXT, Opcode.CONT}:
                self._message += frame.data
                if frame.fin:
                    self.on_text(self._message.decode(errors="replace"))
                    self._message.clear()
            elif frame.opcode is Opcode.PONG:
                self._pong.set()
            elif frame.opcode is Opcode.CLOSE:
                self._left(protocol.close_rcvd.code if protocol.close_rcvd is not None else None)
        self._flush(protocol)

    def _flush(self, protocol: ServerProtocol) -> None:
        for data in protocol.data_to_send():
            if data and not self._over:
                self._transport.write(data)
        if protocol.close_expected() or protocol.close_rcvd is not None:
            self._transport.close()

    def _left(self, code: int | None) -> None:
        if not self._over:
            self._over = self._was_left = True
            self.on_left(code)


def _block(text: str, id: str | None) -> bytes:
    lines = [f"id: {id}"] if id is not None else []
    lines += [f"data: {line}" for line in text.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()
