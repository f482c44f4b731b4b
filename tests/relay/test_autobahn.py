"""The cases of the Autobahn test suite that say something of a server that does not echo.

The suite itself (autobahntestsuite 25.10.1 on PyPI) is Python 2.7 only, so that it cannot run
beside these tests: its cases are written down here under its own numbers, with the codes it asks
for. Where it expects an echo, a message that the plain dialect answers with a pong stands for it.
Left out are the echoes of many messages (9.7, 9.8), 10.1.1, and compression with echo (12, 13).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.relay.framing import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Said,
    close_frame,
    framed,
    in_fragments,
    outcome,
)
from tests.relay.live import RunningRelay

pytestmark = pytest.mark.kafka

ECHO = b'{"type":"ping","text":"Hello, world!"}'
ECHOED = (TEXT, b'{"type":"pong"}')
HEAD, MIDDLE, TAIL = ECHO[:9], ECHO[9:20], ECHO[20:]
KAPPA = bytes.fromhex("cebae1bdb9cf83cebcceb5")  # the suite's own example, a Greek word
KiB, MiB = 1 << 10, 1 << 20
NOTHING: list[Said] = []


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent; what is said to it; with which code it ends, None where it goes on."""

    sent: list[bytes]
    said: list[Said]
    code: int | None = None
    chop: int = 0


def an_echo_of(size: int) -> bytes:
    """A message of so many bytes that is answered."""
    return b'{"type":"ping","x":"%s"}' % (b"*" * (size - 22))


def whole_messages() -> Iterator[tuple[str, Case]]:
    """Section 1: texts and binaries of the sizes at which the header changes."""
    yield "1.1.1", Case([framed(TEXT)], NOTHING)
    for number, size in enumerate((125, 126, 127, 128, 65_535, 65_536), 2):
        yield f"1.1.{number}", Case([framed(TEXT, an_echo_of(size))], [ECHOED])
    yield "1.1.8", Case([framed(TEXT, an_echo_of(65_536))], [ECHOED], chop=997)
    for number, size in enumerate((0, 125, 126, 127, 128, 65_535, 65_536), 1):
        yield f"1.2.{number}", Case([framed(BINARY, b"\xfe" * size)], NOTHING, 1003)
    yield "1.2.8", Case([framed(BINARY, b"\xfe" * 65_536)], NOTHING, 1003, chop=997)


def pings() -> Iterator[tuple[str, Case]]:
    """Section 2."""
    for number, payload in enumerate(
        (b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125), 1
    ):
        yield f"2.{number}", Case([framed(PING, payload)], [(PONG, payload)])
    yield "2.5", Case([framed(PING, b"\xfe" * 126)], NOTHING, 1002)
    yield "2.6", Case([framed(PING, b"\xfe" * 125)], [(PONG, b"\xfe" * 125)], chop=1)
    yield "2.7", Case([framed(PONG)], NOTHING)
    yield "2.8", Case([framed(PONG, b"unsolicited pong payload")], NOTHING)
    both = [framed(PONG, b"unsolicited pong payload"), framed(PING, b"ping payload")]
    yield "2.9", Case(both, [(PONG, b"ping payload")])
    payloads = [b"payload-%d" % n for n in range(10)]
    ten = [framed(PING, payload) for payload in payloads]
    yield "2.10", Case(ten, [(PONG, payload) for payload in payloads])
    yield "2.11", Case(ten, [(PONG, payload) for payload in payloads], chop=1)


def reserved_bits() -> Iterator[tuple[str, Case]]:
    """Section 3."""
    yield "3.1", Case([framed(TEXT, ECHO, rsv=1)], NOTHING, 1002)
    for number, chop in ((2, 0), (3, 0), (4, 1)):
        bad = framed(TEXT, ECHO, rsv=(0, 0, 2, 3, 4)[number])
        sent = [framed(TEXT, ECHO), bad, framed(PING)]
        yield f"3.{number}", Case(sent, [ECHOED], 1002, chop)
    yield "3.5", Case([framed(BINARY, b"\x00\xff\xfe", rsv=5)], NOTHING, 1002)
    yield "3.6", Case([framed(BINARY, b"Hello, world!", rsv=6)], NOTHING, 1002)
    yield "3.7", Case([framed(CLOSE, rsv=7)], NOTHING, 1002)


def reserved_opcodes() -> Iterator[tuple[str, Case]]:
    """Section 4: 3 to 7 and 11 to 15, alone and after a message."""
    for section, first in ((1, 3), (2, 11)):
        for number in range(1, 6):
            payload = b"" if number in {1, 3} else b"reserved opcode payload"
            bad = framed(first + number - 1, payload)
            alone = number < 3
            sent = [bad] if alone else [framed(TEXT, ECHO), bad, framed(PING)]
            said = NOTHING if alone else [ECHOED]
            yield f"4.{section}.{number}", Case(sent, said, 1002, int(number == 5))


def fragments() -> Iterator[tuple[str, Case]]:
    """Section 5. Groups of three differ in how the bytes are cut up on their way."""
    end = framed(CONT, b"fragment2")
    yield "5.1", Case([framed(PING, b"fragment1", fin=False), end], NOTHING, 1002)
    yield "5.2", Case([framed(PONG, b"fragment1", fin=False), end], NOTHING, 1002)
    first, last = framed(TEXT, HEAD, fin=False), framed(CONT, MIDDLE + TAIL)
    ping, ponged = framed(PING, b"ping payload"), (PONG, b"ping payload")
    hello = framed(TEXT, ECHO)
    begun = framed(CONT, b"non-continuation payload", fin=False)
    groups = {
        3: ([first, last], [ECHOED], None),
        6: ([first, ping, last], [ponged, ECHOED], None),
        9: ([framed(CONT, b"non-continuation payload"), hello], NOTHING, 1002),
        12: ([begun, hello], NOTHING, 1002),
        15: ([first, last, begun, hello], [ECHOED], 1002),
    }
    for number, (sent, said, code) in groups.items():
        yield f"5.{number}", Case([b"".join(sent)], said, code)
        yield f"5.{number + 1}", Case(sent, said, code)
        yield f"5.{number + 2}", Case(sent, said, code, chop=1)
    yield "5.18", Case([first, framed(TEXT, TAIL)], NOTHING, 1002)
    pieces = [first, framed(CONT, MIDDLE, fin=False), framed(PING, b"pongme 1!")]
    pieces += [framed(CONT, TAIL[:3], fin=False), framed(PING, b"pongme 2!")]
    pieces += [framed(CONT, TAIL[3:])]
    said = [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), ECHOED]
    yield "5.19", Case(pieces, said)
    yield "5.20", Case([b"".join(pieces)], said)


def utf_8() -> Iterator[tuple[str, Case]]:
    """Section 6, to 6.4. The suite does not insist that the first bad byte ends it."""
    yield "6.1.1", Case([framed(TEXT)], NOTHING)
    empties = [framed(TEXT, fin=False), framed(CONT, fin=False), framed(CONT)]
    yield "6.1.2", Case(empties, NOTHING)
    middle = [framed(TEXT, fin=False), framed(CONT, ECHO, fin=False), framed(CONT)]
    yield "6.1.3", Case(middle, [ECHOED])
    good = b'{"type":"ping","text":"' + "Hello-µ@ßöäüàá-UTF-8!!".encode() + b'"}'
    yield "6.2.1", Case([framed(TEXT, good)], [ECHOED])
    cut = good.index("ü".encode())
    halves = [framed(TEXT, good[:cut], fin=False), framed(CONT, good[cut:])]
    yield "6.2.2", Case(halves, [ECHOED])
    yield "6.2.3", Case([in_fragments(good, 1)], [ECHOED])
    kappa = b'{"type":"ping","text":"' + KAPPA + b'"}'
    yield "6.2.4", Case([in_fragments(kappa, 1)], [ECHOED])
    bad = KAPPA + b"\xed\xa0\x80edited"
    yield "6.3.1", Case([framed(TEXT, bad)], NOTHING, 1007)
    yield "6.3.2", Case([in_fragments(bad, 1)], NOTHING, 1007)
    beyond = KAPPA + b"\xf4\x90\x80\x80edited"
    for number, cuts in ((1, (11, 15)), (2, (12, 13))):
        begin, end = cuts
        sent = [framed(TEXT, beyond[:begin], fin=False)]
        sent += [framed(CONT, beyond[begin:end], fin=False), framed(CONT, beyond[end:])]
        yield f"6.4.{number}", Case(sent, NOTHING, 1007)
        frame = framed(TEXT, beyond)
        ends = len(frame) - len(beyond) + begin, len(frame) - len(beyond) + end
        chops = [frame[: ends[0]], frame[ends[0] : ends[1]], frame[ends[1] :]]
        yield f"6.4.{number + 2}", Case(chops, NOTHING, 1007)


LONE = [b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"]
LONE += [b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfb\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf"]
STARTS = ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
NON_CHARACTERS = [
    bytes([first, second, 0xBF, last])
    for first in (0xF0, 0xF1, 0xF2, 0xF3, 0xF4)
    for second in (0x8F, 0x9F, 0xAF, 0xBF)
    for last in (0xBE, 0xBF)
    if (first, second) != (0xF0, 0x8F) and not (first == 0xF4 and second != 0x8F)
]


def _in_hex(words: str) -> list[bytes]:
    return [bytes.fromhex(word) for word in words.split()]


SEQUENCES: dict[int, list[bytes]] = {
    5: _in_hex(
        "68656c6c6f24776f726c64 68656c6c6fc2a2776f726c64 68656c6c6fe282ac776f726c64 "
        "cebae1bdb9cf83cebcceb5 68656c6c6ff0a4ada2776f726c64"
    ),
    6: [KAPPA[:size] for size in range(1, len(KAPPA) + 1)],
    7: _in_hex("00 c280 e0a080 f0908080"),
    8: _in_hex("f888808080 fc8480808080"),
    9: _in_hex("7f dfbf efbfbf f48fbfbf"),
    10: _in_hex("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
    11: _in_hex("ed9fbf ee8080 efbfbd f48fbfbf f4908080"),
    12: [*_in_hex("80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf"), bytes(range(0x80, 0xBF))],
    13: [b"".join(bytes([n, 0x20]) for n in range(first, last)) for first, last in STARTS],
    14: LONE,
    15: [b"".join(LONE)],
    16: _in_hex("fe ff fefeffff"),
    17: _in_hex("c0af e080af f08080af f8808080af fc80808080af"),
    18: _in_hex("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
    19: _in_hex("c080 e08080 f0808080 f880808080 fc8080808080"),
    20: _in_hex("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
    21: _in_hex("eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf"),
    22: [b"\xef\xbf\xbe", b"\xef\xbf\xbf", *NON_CHARACTERS],
    23: [bytes([0xEF, 0xBF, last]) for last in range(0xB9, 0xC0)],
}
"""6.5 to 6.23: sequences of Markus Kuhn's UTF-8 test, and whether they are good."""
ALL_GOOD = {5, 7, 9, 22, 23}
GOOD_ONES = {6: {2, 5, 7, 9, 11}, 11: {1, 2, 3, 4}}
"""Of the sections that have both, the numbers of the good ones."""


def sequences() -> Iterator[tuple[str, Case]]:
    """Section 6 from 6.5 on: a plain text that is no ping is taken without a word."""
    for section, texts in SEQUENCES.items():
        for number, text in enumerate(texts, 1):
            good = section in ALL_GOOD or number in GOOD_ONES.get(section, ())
            yield (
                f"6.{section}.{number}",
                Case([framed(TEXT, text)], NOTHING, None if good else 1007),
            )


def closes() -> Iterator[tuple[str, Case]]:
    """Section 7. After its close frame nothing more of a client's counts."""
    bye = close_frame(1000)
    yield "7.1.1", Case([framed(TEXT, ECHO), bye], [ECHOED], 1000)
    yield "7.1.2", Case([bye + framed(CLOSE)], NOTHING, 1000)
    yield "7.1.3", Case([bye + framed(PING)], NOTHING, 1000)
    yield "7.1.4", Case([bye + framed(TEXT, ECHO)], NOTHING, 1000)
    within = framed(TEXT, HEAD, fin=False) + bye + framed(CONT, TAIL)
    yield "7.1.5", Case([within], NOTHING, 1000)
    large = framed(TEXT, b"*" * 256 * KiB) + framed(TEXT, ECHO) + bye + framed(PING)
    yield "7.1.6", Case([large], NOTHING, 1009)
    yield "7.3.1", Case([framed(CLOSE)], NOTHING, 1005)
    yield "7.3.2", Case([framed(CLOSE, b"a")], NOTHING, 1002)
    yield "7.3.3", Case([bye], NOTHING, 1000)
    yield "7.3.4", Case([close_frame(1000, b"Hello World!")], NOTHING, 1000)
    yield "7.3.5", Case([close_frame(1000, b"*" * 123)], NOTHING, 1000)
    yield "7.3.6", Case([close_frame(1000, b"*" * 124)], NOTHING, 1002)
    bad = KAPPA + b"\xed\xa0\x80edited"
    yield "7.5.1", Case([close_frame(1000, bad)], NOTHING, 1007)
    valid = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for number, code in enumerate(valid, 1):
        yield f"7.7.{number}", Case([close_frame(code)], NOTHING, code)
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield f"7.9.{number}", Case([close_frame(code)], NOTHING, 1002)
    yield "7.13.1", Case([close_frame(5000)], NOTHING, 1002)
    yield "7.13.2", Case([framed(CLOSE, b"\xff\xff")], NOTHING, 1002)


def large_messages() -> Iterator[tuple[str, Case]]:
    """Section 9, where this relay takes 64 KiB and not a byte more."""
    yield "9.1.1", Case([framed(TEXT, an_echo_of(64 * KiB))], [ECHOED])
    yield "9.2.1", Case([framed(BINARY, b"\xfe" * 64 * KiB)], NOTHING, 1003)
    for number, size in enumerate((256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB), 2):
        yield f"9.1.{number}", Case([framed(TEXT, b"*" * size)], NOTHING, 1009)
        yield f"9.2.{number}", Case([framed(BINARY, b"*" * size)], NOTHING, 1009)
    for number in range(1, 10):
        size = 64 * 4 ** (number - 1)
        cut = in_fragments(b"*" * min(4 * MiB, 300 * size + MiB), size)
        yield f"9.3.{number}", Case([cut], NOTHING, 1009)
        binary = framed(BINARY, b"*" * min(size, 64 * KiB), fin=False)
        yield f"9.4.{number}", Case([binary], NOTHING, 1003)
    for number, chop in enumerate((64, 128, 256, 512, 1_024, 2_048), 1):
        yield f"9.5.{number}", Case([framed(TEXT, b"*" * MiB)[: 200 * chop]], NOTHING, 1009, chop)
        yield f"9.6.{number}", Case([framed(BINARY, b"*" * MiB)[: 200 * chop]], NOTHING, 1009, chop)


CASES = dict(
    case
    for section in (
        whole_messages,
        pings,
        reserved_bits,
        reserved_opcodes,
        fragments,
        utf_8,
        sequences,
        closes,
        large_messages,
    )
    for case in section()
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_autobahn_case(relay: RunningRelay, case: Case) -> None:
    ended = await outcome(relay, case.sent, chop=case.chop)
    assert ended.code == case.code
    assert ended.said == case.said
