"""Every frame that the relay writes is read back by the `websockets` library, as a client would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode
from websockets.streams import StreamReader

from unionflow_relay.core import dialects, frames
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason, Welcome

BOUNDARIES = (0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, 1_000_000)


def read_back(data: bytes) -> list[Frame]:
    """Whole frames of a server, by the library's own parser; nothing may be left over."""
    stream = StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    found = []
    while stream.buffer:
        parser = Frame.parse(stream.read_exact, mask=False)
        with pytest.raises(StopIteration) as done:
            next(parser)
        found.append(done.value.value)
    return found


@pytest.mark.parametrize("size", BOUNDARIES)
def test_a_text_of_any_size_is_one_final_frame(size: int) -> None:
    payload = b"x" * size
    assert read_back(frames.text(payload)) == [Frame(Opcode.TEXT, payload)]


@pytest.mark.parametrize("size", BOUNDARIES)
def test_the_length_is_written_in_the_fewest_bytes(size: int) -> None:
    header = 2 if size < 126 else 4 if size < 65_536 else 10
    assert len(frames.text(b"x" * size)) == header + size


@given(st.lists(st.binary(max_size=300)), st.sampled_from([125, 126, 65_535, 65_536]))
def test_frames_joined_are_read_back_one_by_one(payloads: list[bytes], boundary: int) -> None:
    payloads.append(b"y" * boundary)
    joined = b"".join(frames.text(payload) for payload in payloads)
    assert [frame.data for frame in read_back(joined)] == payloads


@given(st.text(max_size=100))
def test_an_event_in_either_dialect_is_read_back_word_for_word(text: str) -> None:
    event = text.encode()
    assert [f.data for f in read_back(dialects.plain_event(event))] == [event]
    expected = b'{"type":"event","position":"q3Zk1PfA.2.1834","event":' + event + b"}"
    assert [f.data for f in read_back(dialects.v1_event(event, "q3Zk1PfA.2.1834"))] == [expected]


@pytest.mark.parametrize("size", [0, 1, 124, 125])
def test_a_pong_carries_its_ping_s_payload(size: int) -> None:
    payload = b"p" * size
    assert read_back(frames.frame(frames.PONG, payload)) == [Frame(Opcode.PONG, payload)]


def test_the_relay_s_own_ping_is_an_empty_one() -> None:
    assert read_back(frames.PING_FRAME) == [Frame(Opcode.PING, b"")]


@given(
    st.sampled_from([1000, 1002, 1003, 1007, 1009, 1011, 1012, 1013, 4400, 4408, 4409, 4999]),
    st.text(max_size=200),
)
def test_a_close_s_reason_is_cut_at_a_character_s_end(code: int, reason: str) -> None:
    (frame,) = read_back(frames.close(code, reason))
    said = Close.parse(frame.data)
    assert said.code == code
    assert reason.startswith(said.reason)
    kept = len(said.reason.encode())
    following = reason[len(said.reason) :][:1]
    assert kept + len(following.encode()) > 123 or not following


@pytest.mark.parametrize("char", ["e", "é", "€", "𝄞"])
@pytest.mark.parametrize("lead", range(4))
def test_a_reason_that_is_cut_within_a_character_loses_that_character(char: str, lead: int) -> None:
    reason = "a" * lead + char * 130
    (frame,) = read_back(frames.close(4400, reason))
    assert Close.parse(frame.data).reason == "a" * lead + char * (
        (123 - lead) // len(char.encode())
    )


SAID: dict[str, bytes] = {
    "pong": dialects.V1_PONG,
    "heartbeat": dialects.heartbeat("1~q3Zk1PfA:1"),
    "recovered": dialects.recovered(0, None, "1"),
    "truncated": dialects.truncated(
        "1", [TruncatedRange(None, 3, 2**63 - 1, 0, TruncationReason.TOPIC_REPLACED)]
    ),
    "access": dialects.access(["a"], {"B", "A"}, "1"),
    "error": dialects.error("code", "a sentence with \u20ac and \x00"),
    "welcome": dialects.welcome(
        Welcome("s", "1", 25, "2026-11-24T00:00:00.000Z", None, ["*"], tokens=False)
    ),
}


@pytest.mark.parametrize(("kind", "frame"), SAID.items(), ids=SAID.keys())
def test_every_frame_of_the_v1_dialect_is_one_text_with_its_type(kind: str, frame: bytes) -> None:
    (read,) = read_back(frame)
    assert read.opcode is Opcode.TEXT
    assert bytes(read.data).startswith(f'{{"type":"{kind}"'.encode())


def test_the_plain_dialect_s_pongs_have_no_more_than_was_asked() -> None:
    assert [f.data for f in read_back(dialects.PLAIN_PONG)] == [b"pong"]
    assert [f.data for f in read_back(dialects.PLAIN_JSON_PONG)] == [b'{"type":"pong"}']
