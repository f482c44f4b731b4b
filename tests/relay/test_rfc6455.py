"""Whatever breaks RFC 6455 is answered with the code that it asks for, at a real relay."""

from __future__ import annotations

import struct

import pytest

from tests.relay.framing import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    close_frame,
    framed,
    in_fragments,
    outcome,
)
from tests.relay.live import RunningRelay

pytestmark = pytest.mark.kafka

KiB_64 = 65_536
Q, H = "!Q", "!H"
VIOLATIONS: dict[str, tuple[int, list[bytes]]] = {
    # section 5.1
    "a text that is not masked": (1002, [framed(TEXT, b"ping", masked=False)]),
    "an empty text that is not masked": (1002, [framed(TEXT, masked=False)]),
    "a ping that is not masked": (1002, [framed(PING, b"x", masked=False)]),
    "a close that is not masked": (
        1002,
        [framed(CLOSE, struct.pack(H, 1000), masked=False)],
    ),
    # section 5.2: RSV1 to RSV3, where nothing was negotiated
    **{
        f"reserved bits {rsv:03b} of opcode {opcode}": (1002, [framed(opcode, b"x", rsv=rsv)])
        for rsv in range(1, 8)
        for opcode in (TEXT, BINARY, PING, CLOSE)
    },
    "a reserved bit of a continuation": (
        1002,
        [framed(TEXT, b"pi", fin=False), framed(CONT, b"ng", rsv=4)],
    ),
    # section 5.2: opcodes
    **{
        f"reserved opcode {opcode}": (1002, [framed(opcode, b"x")])
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    # section 5.2: the minimal number of bytes, and the top bit
    "a length of 5 in two bytes": (
        1002,
        [framed(TEXT, b"hello", length=b"\x7e" + struct.pack(H, 5))],
    ),
    "a length of 125 in two bytes": (
        1002,
        [framed(TEXT, b"x" * 125, length=b"\x7e" + struct.pack(H, 125))],
    ),
    "a length of 0 in eight bytes": (1002, [framed(TEXT, length=b"\x7f" + bytes(8))]),
    "a length of 65,535 in eight bytes": (
        1002,
        [framed(TEXT, b"x" * 65_535, length=b"\x7f" + struct.pack(Q, 65_535))],
    ),
    "a length of 2^63": (1002, [framed(TEXT, length=b"\x7f" + struct.pack(Q, 2**63))]),
    "a length of 2^64 - 1": (1002, [framed(TEXT, length=b"\x7f" + b"\xff" * 8)]),
    # section 5.4: fragments
    "a continuation of nothing": (1002, [framed(CONT, b"ping")]),
    "a continuation of nothing that is to go on": (1002, [framed(CONT, b"ping", fin=False)]),
    "a continuation after the last fragment": (
        1002,
        [
            framed(TEXT, b'{"type":', fin=False),
            framed(CONT, b'"a"}'),
            framed(CONT, b""),
        ],
    ),
    "a text within a text": (1002, [framed(TEXT, b"pi", fin=False), framed(TEXT, b"ng")]),
    "a binary within a text": (1002, [framed(TEXT, b"pi", fin=False), framed(BINARY, b"ng")]),
    "a text within a text, after a ping": (
        1002,
        [framed(TEXT, b"pi", fin=False), framed(PING), framed(TEXT, b"ng", fin=False)],
    ),
    # section 5.5: control frames
    **{
        f"a fragmented control frame of opcode {opcode}": (1002, [framed(opcode, fin=False)])
        for opcode in (PING, PONG, CLOSE)
    },
    **{
        f"126 bytes in a control frame of opcode {opcode}": (1002, [framed(opcode, b"x" * 126)])
        for opcode in (PING, PONG, CLOSE)
    },
    "a ping of 64 KiB": (1002, [framed(PING, b"x" * KiB_64)]),
    "a ping that announces a gigabyte": (
        1002,
        [framed(PING, length=b"\x7f" + struct.pack(Q, 2**30))],
    ),
    # section 5.5.1: close frames
    "a close of one byte": (1002, [framed(CLOSE, b"\x03")]),
    **{
        f"a close with code {code}": (1002, [close_frame(code)])
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
    },
    "a close whose reason is no UTF-8": (1007, [close_frame(1000, b"bye\xff")]),
    "a close whose reason ends within a character": (1007, [close_frame(1000, b"\xe2\x82")]),
    # section 8.1: UTF-8
    "a text that is no UTF-8": (1007, [framed(TEXT, b"\xff")]),
    "a text that ends within a character": (1007, [framed(TEXT, "pïng".encode()[:2])]),
    "a surrogate": (1007, [framed(TEXT, b"\xed\xa0\x80")]),
    "an overlong character": (1007, [framed(TEXT, b"\xc0\xaf")]),
    "a character beyond the last": (1007, [framed(TEXT, b"\xf4\x90\x80\x80")]),
    "a character that another fragment breaks": (
        1007,
        [framed(TEXT, b"\xe2\x82", fin=False), framed(CONT, b"x")],
    ),
    "a character that no further fragment completes": (
        1007,
        [framed(TEXT, b"\xe2", fin=False), framed(CONT, b"\x82"), framed(PING)],
    ),
    "no UTF-8 in the middle of three fragments": (
        1007,
        [framed(TEXT, b"a", fin=False), framed(CONT, b"\xfe", fin=False), framed(CONT, b"b")],
    ),
    # section 7.4.1: what this relay does not take
    "a binary message": (1003, [framed(BINARY, b"ping")]),
    "an empty binary message": (1003, [framed(BINARY)]),
    "the first fragment of a binary message": (1003, [framed(BINARY, b"ping", fin=False)]),
    "64 KiB and one byte": (1009, [framed(TEXT, b"x" * (KiB_64 + 1))]),
    "64 KiB and one byte of binary": (1009, [framed(BINARY, b"x" * (KiB_64 + 1))]),
    "a text that announces 2^63 - 1 bytes": (
        1009,
        [framed(TEXT, length=b"\x7f" + struct.pack(Q, 2**63 - 1))],
    ),
    "64 KiB and one byte in two fragments": (1009, [in_fragments(b"x" * (KiB_64 + 1), 32_769)]),
    "64 KiB and one byte in many fragments": (1009, [in_fragments(b"x" * (KiB_64 + 1), 1_000)]),
    "fragments without end": (
        1009,
        [framed(TEXT, fin=False), framed(CONT, fin=False) * 2_000],
    ),
    "a message that goes on long after 64 KiB": (
        1009,
        [framed(TEXT, b"x" * 4_000_000)],
    ),
}


@pytest.mark.parametrize("v1", [False, True], ids=["plain", "unionflow.v1"])
@pytest.mark.parametrize(("code", "sent"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
async def test_a_relay_closes_with_the_right_code_on(
    relay: RunningRelay, code: int, sent: list[bytes], v1: bool
) -> None:
    ended = await outcome(relay, sent, v1=v1)
    assert ended.code == code
    assert not any(opcode == TEXT and not v1 for opcode, _ in ended.said)


async def test_nothing_after_a_violation_is_read(relay: RunningRelay) -> None:
    ended = await outcome(relay, [framed(3), framed(TEXT, b"ping"), framed(PING, b"x")])
    assert ended.code == 1002
    assert ended.said == []


async def test_what_was_right_before_a_violation_is_answered(relay: RunningRelay) -> None:
    ended = await outcome(relay, [framed(TEXT, b"ping") + framed(PING, b"x") + framed(3)])
    assert ended.code == 1002
    assert ended.said == [(TEXT, b"pong"), (PONG, b"x")]


async def test_a_close_frame_reaches_who_goes_on_sending_megabytes(relay: RunningRelay) -> None:
    """Hanging up on unread bytes is a reset, and a reset can overtake the close frame."""
    for _ in range(5):
        ended = await outcome(relay, [framed(TEXT, b"x" * 70_000), b"\x00" * 2_000_000])
        assert ended.code == 1009
