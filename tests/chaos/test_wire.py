"""The audit's WebSocket reads what relays send, however the bytes are cut, and reports the rest."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.wire import (
    ABNORMAL,
    StreamWire,
    WebSocketWire,
    Wire,
    client_frame,
    stream_request,
    upgrade_request,
)
from unionflow_relay.core import deflate as relays
from unionflow_relay.core import event_stream

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
COMPRESSED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"
)
HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1)})
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    abort = close


class Owner:
    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.broken: list[str] = []
        self.blocks: list[tuple[bytes, bytes, bytes | None]] = []

    def on_upgraded(self) -> None:
        self.texts.append(b"upgraded")

    def on_text(self, text: bytes) -> None:
        self.texts.append(text)

    def on_block(self, kind: bytes, data: bytes, id: bytes | None) -> None:
        self.blocks.append((kind, data, id))

    def on_broken(self, why: str) -> None:
        self.broken.append(why)


def server_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


async def fed(
    data: bytes, cuts: list[int], *, stream: bool = False, deflate: bool = False
) -> tuple[Owner, Transport, Wire]:
    owner, transport = Owner(), Transport()
    wire: Wire
    if stream:
        wire = StreamWire(stream_request("/sse/dashboard", last_event_id=None), owner)
    else:
        request = upgrade_request("/ws/dashboard", v1=True, deflate=deflate)
        wire = WebSocketWire(request, owner, deflate=deflate)
    wire.connection_made(transport)
    begin = 0
    for end in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        wire.data_received(data[begin:end])
        begin = end
    wire.connection_lost(None)
    return owner, transport, wire


@given(
    st.lists(st.sampled_from([0, 1, 125, 126, 300, 65_535, 65_536, 70_000]), max_size=4),
    st.lists(st.integers(0, 2**20), max_size=6),
)
def test_texts_come_whole_however_they_are_cut(sizes: list[int], cuts: list[int]) -> None:
    texts = [b"x" * size for size in sizes]
    data = HEAD + b"".join(server_frame(1, text) for text in texts)
    owner, _, wire = asyncio.run(fed(data, cuts))
    assert owner.texts == [b"upgraded", *texts]
    assert (owner.broken, wire.ended.result()) == ([], ABNORMAL)


async def test_a_ping_is_answered_and_a_close_is_echoed_with_its_code() -> None:
    goodbye = struct.pack("!H", 4408) + b"too slow"
    data = HEAD + server_frame(9, b"abc") + server_frame(8, goodbye) + server_frame(1, b"late")
    owner, transport, wire = await fed(data, [])
    assert client_frame(10, b"abc") + client_frame(8, goodbye[:2]) in transport.written
    assert (owner.texts, wire.ended.result()) == ([b"upgraded"], 4408)


async def test_half_a_frame_is_no_event() -> None:
    owner, _, wire = await fed(HEAD + server_frame(1, b"x" * 100)[:-1], [])
    assert (owner.texts, wire.ended.result()) == ([b"upgraded"], ABNORMAL)


@pytest.mark.parametrize("first", [0x01, 0xC1, 0x82, 0x80, 0x83])
async def test_a_frame_that_no_relay_may_send_is_reported(first: int) -> None:
    owner, transport, _ = await fed(HEAD + bytes((first, 1)) + b"x", [])
    assert (len(owner.broken), transport.closed) == (1, True)


async def test_a_refusal_is_known_by_its_status() -> None:
    owner, transport, wire = await fed(b"HTTP/1.1 503 Service Unavailable\r\n\r\nbody", [])
    assert (wire.status, owner.texts, transport.closed) == (503, [], True)


async def test_a_compressed_text_is_read_where_that_was_agreed() -> None:
    text = b"mutual " * 100
    frame = relays.text(text)
    assert frame[0] == 0xC1
    owner, _, wire = await fed(COMPRESSED + frame + server_frame(1, b"plain"), [], deflate=True)
    assert (owner.texts, owner.broken, wire.inflated) == ([b"upgraded", text, b"plain"], [], 1)


@pytest.mark.parametrize(
    ("what", "head", "asked"),
    [("granted unasked", COMPRESSED, False), ("used without being granted", HEAD, True)],
)
async def test_compression_that_was_not_agreed_is_reported(
    what: str, head: bytes, asked: bool
) -> None:
    owner, transport, _ = await fed(head + relays.text(b"x" * 300), [], deflate=asked)
    assert (len(owner.broken), transport.closed) == (1, True), what


async def test_a_compressed_frame_that_is_none_is_reported() -> None:
    owner, _, _ = await fed(COMPRESSED + bytes((0xC1, 2)) + b"\xff\xff", [], deflate=True)
    assert len(owner.broken) == 1


@given(st.lists(st.integers(0, 2**20), max_size=8))
def test_a_stream_comes_in_blocks_however_it_is_cut(cuts: list[int]) -> None:
    data = b"".join(
        (
            STREAM,
            event_stream.retry(2_000),
            event_stream.block("welcome", b"{}", cursor="1~A:1"),
            event_stream.open_event(b"{}", "A.0.1"),
            event_stream.open_event(b"{}", "A.0.2"),
            event_stream.mark("1~A:3"),
            event_stream.block("reconnect", b"[]", retry_ms=5),
        )
    )
    owner, _, wire = asyncio.run(fed(data, cuts, stream=True))
    event = b'{"type":"event","position":"A.0.%d","event":{}}'
    assert owner.blocks == [
        (b"welcome", b"{}", b"1~A:1"),
        (b"event", event % 1, None),
        (b"event", event % 2, b"1~A:3"),
        (b"reconnect", b"[]", None),
    ]
    assert (owner.broken, wire.ended.result()) == ([], ABNORMAL)


async def test_an_event_whose_blank_line_has_not_come_is_none() -> None:
    data = STREAM + event_stream.open_event(b"{}", "A.0.1") + b"id: 1~A:2\n"
    owner, _, _ = await fed(data, [], stream=True)
    assert owner.blocks == []


async def test_a_line_that_means_nothing_in_a_stream_is_reported() -> None:
    owner, transport, _ = await fed(STREAM + b"data: {}\nother: x\n\n", [], stream=True)
    assert (owner.blocks, len(owner.broken), transport.closed) == ([], 1, True)
