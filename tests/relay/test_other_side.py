"""The `websockets` library as the other side, without a socket: both agree on every byte.

Its Sans-I/O client writes the handshake and the frames; they come to the relay's reader and session
in any pieces, and what these answer goes back to it, which checks every byte as RFC 6455 has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from unionflow_relay.core import deflate, frames
from unionflow_relay.core.dialects import Packing
from unionflow_relay.core.handshake import Accepted, Request, Rules, decide
from unionflow_relay.core.reading import FrameReader
from unionflow_relay.core.session import Goodbye, Send, Session

PATH = "/ws/dashboard"


@dataclass
class Talk:
    """A client of the library and the relay's two machines, joined by bytes."""

    compress: bool
    heard: list[tuple[Opcode, bytes]] = field(default_factory=list)
    goodbye: int | None = None

    def __post_init__(self) -> None:
        offers = [ClientPerMessageDeflateFactory(compress_settings={"memLevel": 5})]
        self.client = ClientProtocol(
            parse_uri(f"ws://relay{PATH}"), extensions=offers if self.compress else None
        )
        request = self.client.connect()
        self.client.send_request(request)
        assert b"".join(self.client.data_to_send()).startswith(b"GET /ws/dashboard HTTP/1.1\r\n")
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        verdict = decide(Request("GET", PATH, headers), Rules(PATH, compression=True))
        assert isinstance(verdict, Accepted)
        self.client.receive_data(verdict.response)
        (response,) = self.client.events_received()
        assert isinstance(response, Response)
        assert self.client.handshake_exc is None
        assert self.client.state is State.OPEN
        deflated = verdict.view.packing is Packing.DEFLATED
        assert deflated == self.compress == bool(self.client.extensions)
        self.reader = FrameReader(deflate=deflated)
        self.session = Session(verdict.view.dialect)

    def flush(self, cuts: Sequence[int]) -> None:
        """Bring what the client has written to the relay, in pieces, and the answers back."""
        data = b"".join(self.client.data_to_send())
        ends = sorted({cut % (len(data) + 1) for cut in cuts})
        for start, end in zip([0, *ends], [*ends, len(data)], strict=True):
            for frame in self.reader.feed(data[start:end]):
                for action in self.session.on_frame(
                    frame.opcode, frame.data, fin=frame.fin, compressed=frame.compressed
                ):
                    if isinstance(action, Goodbye):
                        self.goodbye = action.code
                        self.say(action.answer)
                    else:
                        assert isinstance(action, Send), action
                        self.say(action.data)

    def say(self, data: bytes) -> None:
        """Bring bytes to the client."""
        self.client.receive_data(data)
        for event in self.client.events_received():
            assert isinstance(event, Frame)
            self.heard.append((event.opcode, bytes(event.data)))
        assert self.client.parser_exc is None


Step = tuple[str, Any]
some_text = st.text(max_size=40) | st.integers(1, 300).map(lambda size: "é" * size)
steps = st.one_of(
    st.tuples(st.just("text"), some_text),
    st.tuples(st.just("fragments"), st.lists(st.binary(max_size=9), max_size=4)),
    st.tuples(st.just("ping"), st.binary(max_size=125)),
    st.tuples(st.just("pong"), st.binary(max_size=125)),
    st.tuples(st.just("event"), some_text),
)
pieces = st.lists(st.integers(0, 10_000), max_size=6)
ECHO = (Opcode.TEXT, b"pong")


def taken(talk: Talk, step: Step) -> list[tuple[Opcode, bytes]]:
    """Let the client or the relay do one thing; what the client is to hear."""
    kind, given_ = step
    match kind:
        case "text":
            talk.client.send_text(given_.encode())
            return [ECHO] if given_.strip() == "ping" else []
        case "fragments":
            for number, piece in enumerate([b"pi", *([b""] * len(given_)), b"ng"]):
                last = number > len(given_)
                if number == 0:
                    talk.client.send_text(piece, fin=False)
                else:
                    talk.client.send_continuation(piece, fin=last)
                if not last:
                    talk.client.send_ping(b"%d" % number)
            return [*((Opcode.PONG, b"%d" % n) for n in range(len(given_) + 1)), ECHO]
        case "ping":
            talk.client.send_ping(given_)
            return [(Opcode.PONG, given_)]
        case "pong":
            talk.client.send_pong(given_)
            return []
        case _:
            payload = given_.encode() * 9
            talk.say(deflate.text(payload) if talk.compress else frames.text(payload))
            return [(Opcode.TEXT, payload)]


@settings(deadline=None)
@given(st.booleans(), st.lists(st.tuples(steps, pieces), max_size=8))
def test_each_understands_all_that_the_other_says(
    compress: bool, said: list[tuple[Step, list[int]]]
) -> None:
    talk = Talk(compress)
    expected: list[tuple[Opcode, bytes]] = []
    for step, cuts in said:
        expected += taken(talk, step)
        talk.flush(cuts)
    assert talk.heard == expected
    assert talk.reader.idle
    assert talk.client.state is State.OPEN


@settings(deadline=None)
@given(
    st.booleans(),
    st.sampled_from([1000, 1001, 1003, 1008, 1011, 3000, 4000, 4999]),
    st.text(max_size=41),
    pieces,
)
def test_a_goodbye_is_one_for_both(compress: bool, code: int, reason: str, cuts: list[int]) -> None:
    talk = Talk(compress)
    talk.client.send_close(code, reason[:40])
    talk.flush(cuts)
    assert talk.goodbye == code
    assert talk.client.close_rcvd == Close(code, "")


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 65_536), st.integers(0, 255), pieces)
def test_every_size_up_to_64_kib_is_read_however_it_is_packed(
    size: int, byte: int, cuts: list[int]
) -> None:
    talk = Talk(compress=True)
    text = b"ping" + b" " * max(0, size - 4) if byte % 2 else bytes([32 + byte // 3]) * size
    talk.client.send_text(text)
    talk.flush(cuts)
    assert talk.heard == ([ECHO] if text.strip() == b"ping" else [])
    assert talk.reader.idle
