"""RFC 6455 by hand: frames that no library would write, sent to a relay, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from websockets.exceptions import ProtocolError
from websockets.frames import Close, Opcode

from tests.relay.clients import V1, RawClient, raw_client, request_head
from tests.relay.live import RunningRelay

CONT, TEXT, BINARY, CLOSE, PING, PONG = (int(opcode) for opcode in Opcode)
_ALIVE = b"alive?"
Said = tuple[int, bytes]


def framed(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: bytes | None = None,
) -> bytes:
    """One frame, right or wrong.

    rsv: the three reserved bits as a number. length: instead of the right one, the second byte's
    seven bits and what follows of it.
    """
    if length is None:
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size & 0xFFFF)
        if size > 0xFFFF:
            length = b"\x7f" + struct.pack("!Q", size)
    head = bytes([fin << 7 | rsv << 4 | opcode, masked << 7 | length[0]]) + length[1:]
    if not masked:
        return head + payload
    mask = os.urandom(4) if len(payload) < 0x10000 else bytes(4)
    return head + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    whole = mask * (len(payload) // 4 + 1)
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(whole[: len(payload)], "big")
    return mixed.to_bytes(len(payload), "big")


def in_fragments(payload: bytes, size: int, opcode: int = TEXT) -> bytes:
    """A message in fragments of `size` bytes."""
    starts = range(0, len(payload), size)
    return b"".join(
        framed(
            opcode if start == 0 else CONT,
            payload[start : start + size],
            fin=start + size >= len(payload),
        )
        for start in starts
    )


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """A client's close frame."""
    return framed(CLOSE, struct.pack("!H", code) + reason)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the relay said, and with which code it closed: None where it went on as before.

    A close frame without a code is 1005, as RFC 6455 section 7.1.5 has it.
    """

    said: list[Said]
    code: int | None


async def outcome(
    relay: RunningRelay,
    sent: Iterable[bytes],
    *,
    v1: bool = False,
    chop: int = 0,
    extensions: str = "",
) -> Outcome:
    """Send some bytes after a handshake; then a ping shows whether the connection still is one.

    chop: how many bytes to give to a write, 0 for all of them. extensions: those to offer, which
    are to be taken.
    """
    headers = {"Sec-WebSocket-Protocol": V1} if v1 else {}
    async with raw_client(relay) as one:
        await one.send(request_head(headers={**headers, "Sec-WebSocket-Extensions": extensions}))
        frames = Frames(one, await one.upgraded())
        with contextlib.suppress(ConnectionError):
            for data in (*sent, framed(PING, _ALIVE)):
                for start in range(0, len(data), chop or len(data)):
                    await one.send(data[start : start + (chop or len(data))])
                    if chop:
                        await asyncio.sleep(0)
        said: list[Said] = []
        while True:
            opcode, payload = await frames.next()
            if opcode == CLOSE:
                with contextlib.suppress(ConnectionError):
                    await one.send(close_frame(1000))
                assert await one.until_closed() == b"", "nothing follows a close frame"
                return Outcome(said, Close.parse(payload).code)
            if (opcode, payload) == (PONG, _ALIVE):
                return Outcome(said, None)
            said.append((opcode, payload))


class Frames:
    """The frames of a relay. RSV1 stays beside the opcode: 0x41 is a compressed text."""

    def __init__(self, client: RawClient, data: bytes) -> None:
        self._client = client
        self._data = data

    async def next(self) -> Said:
        """The next frame. Raises ProtocolError where the relay hangs up without another."""
        head = await self._take(2)
        size = head[1]
        if size >= 126:
            size = int.from_bytes(await self._take(2 if size == 126 else 8), "big")
        assert head[0] & 0xB0 == 0x80, "a relay's frames are whole"
        return head[0] & 0x4F, await self._take(size)

    async def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            more = await self._client.receive()
            if not more:
                raise ProtocolError("the relay hung up without a close frame")
            self._data += more
        taken, self._data = self._data[:size], self._data[size:]
        return taken
