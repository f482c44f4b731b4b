"""permessage-deflate (RFC 7692): what is negotiated, how frames are packed, and bombs."""

from __future__ import annotations

import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from tests.relay import model
from unionflow_events import EVERYONE
from unionflow_relay.core import deflate, frames
from unionflow_relay.core.dialects import V1_PONG, Dialect, Form
from unionflow_relay.core.session import MAX_MESSAGE_BYTES, Close, Send, Session
from unionflow_relay.errors import BrokenFrame

BASIC = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
OFFERS: dict[str, tuple[str, str | None]] = {
    "what browsers offer": ("permessage-deflate; client_max_window_bits", BASIC),
    "nothing but the name": ("permessage-deflate", BASIC),
    "another case": ("Permessage-Deflate", BASIC),
    "no context of either side": (BASIC, BASIC),
    "a client's window": ("permessage-deflate; client_max_window_bits=9", BASIC),
    "a server's window that is large enough": (
        "permessage-deflate; server_max_window_bits=12",
        f"{BASIC}; server_max_window_bits=12",
    ),
    "a quoted window": (
        'permessage-deflate; server_max_window_bits="15"',
        f"{BASIC}; server_max_window_bits=12",
    ),
    "a server's window that is too small": ("permessage-deflate; server_max_window_bits=11", None),
    "a second offer where the first cannot be taken": (
        "permessage-deflate; server_max_window_bits=8, permessage-deflate",
        BASIC,
    ),
    "another extension first": ("x-webkit-deflate-frame, permessage-deflate", BASIC),
    "another extension alone": ("x-webkit-deflate-frame", None),
    "nothing": ("", None),
    "a window of 16": ("permessage-deflate; server_max_window_bits=16", None),
    "a window of 7": ("permessage-deflate; client_max_window_bits=7", None),
    "a window with a leading zero": ("permessage-deflate; client_max_window_bits=09", None),
    "a window without a number": ("permessage-deflate; server_max_window_bits", None),
    "a value where there is none": ("permessage-deflate; server_no_context_takeover=1", None),
    "a parameter twice": (
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        None,
    ),
    "an unknown parameter": ("permessage-deflate; level=9", None),
    "an empty parameter": ("permessage-deflate;", None),
    "its seventeenth offer": ("x," * 16 + "permessage-deflate", None),
}


@pytest.mark.parametrize(("offer", "answer"), OFFERS.values(), ids=OFFERS.keys())
def test_the_answer_to_an_offer_of(offer: str, answer: str | None) -> None:
    assert deflate.negotiate(offer) == answer


@given(st.text(alphabet='permssage-dflt;,= "0189_', max_size=60))
def test_no_offer_does_more_than_be_passed_over(offer: str) -> None:
    assert deflate.negotiate(offer) in {None, BASIC, f"{BASIC}; server_max_window_bits=12"}


def unpacked(data: bytes) -> tuple[bool, bytes]:
    """Whether one frame is compressed, and its payload, by the library's own decoder."""
    stream = StreamReader()
    stream.feed_data(data)
    parser = Frame.parse(
        stream.read_exact, mask=False, extensions=[PerMessageDeflate(True, True, 12, 15)]
    )
    with pytest.raises(StopIteration) as done:
        next(parser)
    assert not stream.buffer
    return bool(data[0] & 0x40), bytes(done.value.value.data)


@given(st.binary(max_size=600) | st.integers(0, 70_000).map(lambda size: b'{"n":1},' * (size // 8)))
def test_a_frame_is_unpacked_word_for_word_and_never_larger(payload: bytes) -> None:
    packed = deflate.text(payload)
    assert unpacked(packed)[1] == payload
    assert len(packed) <= len(frames.text(payload))


def test_what_is_small_or_grows_is_left_as_it_is() -> None:
    noise = random.Random(1).randbytes(400)
    for payload in (b"x" * (deflate.MIN_BYTES - 1), noise):
        assert unpacked(deflate.text(payload)) == (False, payload)
    assert unpacked(deflate.text(b"x" * deflate.MIN_BYTES)) == (True, b"x" * deflate.MIN_BYTES)


@pytest.mark.parametrize(
    ("raw", "packed"), [(Form.PLAIN, Form.PLAIN_DEFLATED), (Form.V1, Form.V1_DEFLATED)]
)
def test_a_record_s_deflated_frame_says_what_its_raw_one_does_and_is_built_once(
    raw: Form, packed: Form
) -> None:
    record = model.relayed(EVERYONE, "X", 7, "a" * 500)
    frame = record.frame(packed)
    assert unpacked(frame) == (True, unpacked(record.frame(raw))[1])
    assert record.frame(packed) is frame
    record.release_frames()
    assert record.frame(packed) is not frame


# What clients send


def squeezed(data: bytes, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(flush)


@given(st.binary(max_size=2_000))
def test_what_a_client_has_packed_is_unpacked(payload: bytes) -> None:
    assert deflate.inflate(squeezed(payload)[:-4], MAX_MESSAGE_BYTES) == payload


EXAMPLES = {  # RFC 7692 section 7.2.3
    "one block": "f248cdc9c90700",
    "no compression": "000500faff48656c6c6f00",
    "a final block": "f348cdc9c9070000",
    "two blocks": "f248050000 00ffffcac9c90700",
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_rfc_s_own_example_is_read(example: str) -> None:
    assert deflate.inflate(bytes.fromhex(example), MAX_MESSAGE_BYTES) == b"Hello"


HOSTILE: dict[str, tuple[int, bytes]] = {
    "64 KiB and one byte": (1009, squeezed(b"x" * (MAX_MESSAGE_BYTES + 1))[:-4]),
    "a bomb of 60 MB": (1009, squeezed(b"\x00" * 60_000_000)[:MAX_MESSAGE_BYTES]),
    "a bomb of two layers": (1009, squeezed(squeezed(b"\x00" * 99_000_000) * 99)[:-4]),
    "no DEFLATE data": (1002, b"\xff\xff\xff\xff"),
    "a block type that is reserved": (1002, b"\x07"),
    "a distance too far back": (1002, bytes.fromhex("4b04a3030000")),
    "a zlib header": (1002, zlib.compress(b"ping" * 10)),
    "more after the final block": (1002, squeezed(b"ping", zlib.Z_FINISH) + b"xyz"),
    "two streams": (1002, squeezed(b"ping", zlib.Z_FINISH) * 2),
}


@pytest.mark.parametrize(("code", "data"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_compressed_message_closes_with(code: int, data: bytes) -> None:
    with pytest.raises(BrokenFrame) as broken:
        deflate.inflate(data, MAX_MESSAGE_BYTES)
    assert broken.value.code == code


def test_a_bomb_is_not_unpacked() -> None:
    bomb = squeezed(b"\x00" * 60_000_000)[:MAX_MESSAGE_BYTES]
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFrame):
            deflate.inflate(bomb, MAX_MESSAGE_BYTES)
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_unpacked_or_refused(noise: bytes) -> None:
    code = None
    try:
        assert len(deflate.inflate(noise, 1_000)) <= 1_000
    except BrokenFrame as broken:
        code = broken.code
    assert code in {None, 1002, 1009}


def test_a_compressed_message_may_come_in_fragments() -> None:
    packed = squeezed(b'{"type":"ping"}')[:-4]
    session = Session(Dialect.V1)
    first = session.on_frame(Opcode.TEXT, packed[:4], fin=False, compressed=True)
    assert not first
    last = session.on_frame(Opcode.CONT, packed[4:], fin=True)
    assert list(last) == [Send(V1_PONG)]


def test_compression_is_said_anew_by_every_message() -> None:
    session = Session(Dialect.V1)
    packed = squeezed(b'{"type":"ping"}')[:-4]
    assert session.on_frame(Opcode.TEXT, packed, fin=True, compressed=True)
    assert session.on_frame(Opcode.TEXT, b'{"type":"ping"}', fin=True)
    (close,) = session.on_frame(Opcode.TEXT, packed, fin=True)
    assert isinstance(close, Close)


@pytest.mark.parametrize(
    ("code", "payload"), [(1007, b"\xff" * 300), (4400, b"no JSON"), (1009, b" " * 70_000)]
)
def test_what_is_in_a_compressed_message_is_judged_as_any(code: int, payload: bytes) -> None:
    packed = squeezed(payload)[:-4]
    (close,) = Session(Dialect.V1).on_frame(Opcode.TEXT, packed, fin=True, compressed=True)
    assert isinstance(close, Close)
    assert close.code == code
