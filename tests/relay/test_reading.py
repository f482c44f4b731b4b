"""Reading what clients send: any split of the stream, and streams that break RFC 6455."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import CTRL_OPCODES, Frame, Opcode

from unionflow_relay.core.reading import FrameReader
from unionflow_relay.core.session import MAX_MESSAGE_BYTES
from unionflow_relay.errors import BrokenFrame

MASK = b"\x01\x02\x03\x04"
KiB_64 = 65_536

Read = tuple[Opcode, bytes, bool]

controls = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125))
texts = st.tuples(
    st.sampled_from([Opcode.TEXT, Opcode.CONT, Opcode.BINARY]),
    st.binary(max_size=300) | st.integers(65_530, KiB_64).map(lambda n: b"x" * n),
)
streams = st.lists(controls | texts, max_size=8)


def written(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def read(reader: FrameReader, data: bytes) -> list[Read]:
    return [(f.opcode, bytes(f.data), f.fin) for f in reader.feed(data)]


@settings(deadline=None)
@given(streams, st.data())
def test_any_split_of_a_stream_gives_the_same_frames(
    stream: list[tuple[Opcode, bytes]], data: st.DataObject
) -> None:
    fins = [opcode in CTRL_OPCODES or data.draw(st.booleans()) for opcode, _ in stream]
    raw = b"".join(
        written(opcode, payload, fin=fin)
        for (opcode, payload), fin in zip(stream, fins, strict=True)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=10)))
    reader = FrameReader()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        found += read(reader, raw[start:end])
    expected = [(o, p, fin) for (o, p), fin in zip(stream, fins, strict=True)]
    assert found == expected
    assert reader.idle


def test_a_stream_that_comes_byte_by_byte_is_read() -> None:
    reader = FrameReader()
    raw = written(Opcode.TEXT, b"ping") + written(Opcode.PING, b"")
    found = [frame for byte in raw for frame in read(reader, bytes([byte]))]
    assert found == [(Opcode.TEXT, b"ping", True), (Opcode.PING, b"", True)]


def test_a_reader_is_idle_only_between_frames() -> None:
    reader = FrameReader()
    raw = written(Opcode.TEXT, b"ping")
    assert read(reader, raw[:3]) == []
    assert not reader.idle
    assert read(reader, raw[3:]) == [(Opcode.TEXT, b"ping", True)]
    assert reader.idle


def header(first: int, length_code: int, extended: bytes = b"", *, masked: bool = True) -> bytes:
    return bytes((first, length_code | (0x80 if masked else 0))) + extended


BROKEN = {
    "an unmasked frame": (1002, header(0x81, 4, masked=False) + b"ping"),
    "reserved bit 1 where nothing was negotiated": (1002, header(0xC1, 0) + MASK),
    "a reserved data opcode": (1002, header(0x83, 0) + MASK),
    "a fragmented ping": (1002, header(0x09, 0) + MASK),
    "a ping of 126 bytes": (1002, header(0x89, 126, struct.pack("!H", 126)) + MASK + b"x" * 126),
    "a ping of a gigabyte": (1002, header(0x89, 127, struct.pack("!Q", 2**30))),
    "a length of 125 in two bytes": (1002, header(0x81, 126, struct.pack("!H", 125)) + MASK),
    "a length of 65,535 in eight bytes": (1002, header(0x81, 127, struct.pack("!Q", 65_535))),
    "a length of 2^63": (1002, header(0x81, 127, struct.pack("!Q", 2**63))),
    "64 KiB and one byte": (1009, header(0x81, 127, struct.pack("!Q", KiB_64 + 1))),
    "a length of 2^63 - 1": (1009, header(0x81, 127, struct.pack("!Q", 2**63 - 1))),
    "a binary frame of a gigabyte": (1009, header(0x82, 127, struct.pack("!Q", 2**30))),
}
"""Each as soon as its header is there. test_rfc6455.py has them all, at a real relay."""


@pytest.mark.parametrize(("code", "raw"), BROKEN.values(), ids=BROKEN.keys())
def test_the_protocol_is_broken_by(code: int, raw: bytes) -> None:
    good = written(Opcode.TEXT, b"before")
    reader = FrameReader()
    frames = reader.feed(good + raw)
    assert bytes(next(frames).data) == b"before"
    with pytest.raises(BrokenFrame) as broken:
        list(frames)
    assert broken.value.code == code
    assert broken.value.reason


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
def test_where_deflate_was_negotiated_reserved_bit_1_begins_a_compressed_message(
    opcode: Opcode,
) -> None:
    reader = FrameReader(deflate=True)
    raw = header(0xC0 | opcode, 2) + bytes(4) + b"ab" + written(opcode, b"cd")
    assert [(f.data, f.compressed) for f in reader.feed(raw)] == [(b"ab", True), (b"cd", False)]


NEVER_COMPRESSED = {
    "a continuation": 0xC0,
    "a ping": 0xC9,
    "a pong": 0xCA,
    "a close": 0xC8,
    "a text with reserved bit 2": 0xE1,
    "a text with reserved bit 3": 0xD1,
}


@pytest.mark.parametrize("first", NEVER_COMPRESSED.values(), ids=NEVER_COMPRESSED.keys())
def test_also_where_deflate_was_negotiated_the_protocol_is_broken_by(first: int) -> None:
    with pytest.raises(BrokenFrame) as broken:
        list(FrameReader(deflate=True).feed(header(first, 0) + MASK))
    assert broken.value.code == 1002


def test_the_largest_message_is_taken() -> None:
    data = b"x" * MAX_MESSAGE_BYTES
    assert read(FrameReader(), written(Opcode.TEXT, data)) == [(Opcode.TEXT, data, True)]


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_read_or_break_the_protocol(noise: bytes) -> None:
    code = None
    try:
        for frame in FrameReader().feed(noise):
            assert len(frame.data) <= MAX_MESSAGE_BYTES
    except BrokenFrame as broken:
        code = broken.code
    assert code in {None, 1002, 1009}
