"""What a client says, and what is done about it: sections 2, 3 and 5 of the wire as tables."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close as CloseFrame
from websockets.frames import Opcode

from tests.relay.test_frames import read_back
from unionflow_relay.core import dialects
from unionflow_relay.core.cursor import EVERYTHING_RETAINED
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.session import (
    MAX_MESSAGE_BYTES,
    Action,
    Close,
    Goodbye,
    Refresh,
    ResumeFrom,
    Send,
    Session,
    Subscribe,
)

NOTHING: list[Action] = []


def said(dialect: Dialect, text: str | bytes, *, awaits_cursor: bool = False) -> list[Action]:
    """What a new session does about one text message."""
    data = text.encode() if isinstance(text, str) else text
    session = Session(dialect, awaits_cursor=awaits_cursor)
    return list(session.on_frame(Opcode.TEXT, data, fin=True))


def v1(**fields: object) -> str:
    return json.dumps(fields)


def error_code(actions: list[Action]) -> str:
    (action,) = actions
    assert isinstance(action, Send)
    (frame,) = read_back(action.data)
    body = json.loads(bytes(frame.data))
    assert body["type"] == "error"
    assert body["message"]
    return str(body["code"])


PLAIN: dict[str, tuple[str | bytes, list[Action]]] = {
    "a bare ping": ("ping", [Send(dialects.PLAIN_PONG)]),
    "a bare ping and a line break": ("ping\n", [Send(dialects.PLAIN_PONG)]),
    "ping as JSON": ('{"type":"ping"}', [Send(dialects.PLAIN_JSON_PONG)]),
    "ping as JSON with more": ('{"type": "ping", "t": 1}', [Send(dialects.PLAIN_JSON_PONG)]),
    "ping as a JSON string": ('"ping"', NOTHING),
    "another word": ("hello", NOTHING),
    "another type": ('{"type":"subscribe","eventTypes":["A"]}', NOTHING),
    "no type": ("{}", NOTHING),
    "a list": ("[1]", NOTHING),
    "half a JSON object": ('{"type":', NOTHING),
    "nothing": ("", NOTHING),
    "JSON nested 5,000 deep": ("[" * 5_000, NOTHING),
    "a type that is no text": ('{"type":["ping"]}', NOTHING),
}


@pytest.mark.parametrize(("text", "actions"), PLAIN.values(), ids=PLAIN.keys())
def test_in_the_plain_dialect_the_answer_to(text: str, actions: list[Action]) -> None:
    assert said(Dialect.PLAIN, text) == actions


V1: dict[str, tuple[str, list[Action]]] = {
    "a ping": (v1(type="ping"), [Send(dialects.V1_PONG)]),
    "a ping with an unknown field": (v1(type="ping", at=1), [Send(dialects.V1_PONG)]),
    "an unknown type": (v1(type="hello"), NOTHING),
    "an empty type": (v1(type=""), NOTHING),
    "two event types": (
        v1(type="subscribe", eventTypes=["A", "B", "A"]),
        [Subscribe(frozenset({"A", "B"}))],
    ),
    "event types with blanks": (
        v1(type="subscribe", eventTypes=[" A "]),
        [Subscribe(frozenset({"A"}))],
    ),
    "a new token": (v1(type="refresh", token="a.b.c"), [Refresh("a.b.c")]),
    "no event types": (v1(type="subscribe", eventTypes=[]), [Subscribe(frozenset())]),
    "all event types": (v1(type="subscribe", eventTypes=None), [Subscribe(None)]),
    "subscribe alone": (v1(type="subscribe"), [Subscribe(None)]),
    "64 event types": (
        v1(type="subscribe", eventTypes=[f"T{n}" for n in range(64)]),
        [Subscribe(frozenset(f"T{n}" for n in range(64)))],
    ),
}


@pytest.mark.parametrize(("text", "actions"), V1.values(), ids=V1.keys())
def test_in_unionflow_v1_the_answer_to(text: str, actions: list[Action]) -> None:
    assert said(Dialect.V1, text) == actions


ERRORS = {
    "event types as a text": (v1(type="subscribe", eventTypes="A,B"), "bad_event_types"),
    "event types as an object": (v1(type="subscribe", eventTypes={}), "bad_event_types"),
    "an event type that is a number": (v1(type="subscribe", eventTypes=[1]), "bad_event_types"),
    "an event type that is null": (v1(type="subscribe", eventTypes=[None]), "bad_event_types"),
    "an empty event type": (v1(type="subscribe", eventTypes=["A", ""]), "bad_event_types"),
    "a blank event type": (v1(type="subscribe", eventTypes=["  "]), "bad_event_types"),
    "65 event types": (
        v1(type="subscribe", eventTypes=[f"T{n}" for n in range(65)]),
        "bad_event_types",
    ),
    "an event type of 129 characters": (
        v1(type="subscribe", eventTypes=["T" * 129]),
        "bad_event_types",
    ),
    "a resume that nobody expects": (v1(type="resume", cursor="1"), "resume_not_expected"),
    "a refresh without a token": (v1(type="refresh"), "invalid_token"),
    "a refresh with what is no token": (v1(type="refresh", token=["a"]), "invalid_token"),
}


@pytest.mark.parametrize(("text", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_frame_and_no_close_answers(text: str, code: str) -> None:
    assert error_code(said(Dialect.V1, text)) == code


MALFORMED = {
    "no JSON": "ping",
    "half an object": '{"type":"ping"',
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "an object without a type": "{}",
    "a type that is a number": '{"type":1}',
    "a type that is null": '{"type":null}',
    "a lone surrogate": '{"type":"\\ud800"}',
    "NaN": '{"type":"ping","at":NaN}',
    "nested 5,000 deep": '{"type":"ping","a":' + "[" * 5_000 + "]" * 5_000 + "}",
    "nothing": "",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_unionflow_v1_closes_with_4400_on(text: str) -> None:
    (action,) = said(Dialect.V1, text)
    assert isinstance(action, Close)
    assert action.code == 4400


RESUME: dict[str, tuple[object, int | None]] = {
    "earliest": ("earliest", None),
    "a cursor": ("1~q3Zk1PfA:5", None),
    "a cursor and a position": ("1~q3Zk1PfA:5~q3Zk1PfA.0.7", None),
    "a malformed cursor": ("1~", 4400),
    "a number": (1, 4400),
    "null": (None, 4400),
    "a list": (["1"], 4400),
}


@pytest.mark.parametrize(("cursor", "code"), RESUME.values(), ids=RESUME.keys())
def test_where_a_cursor_is_awaited_resume_takes(cursor: object, code: int | None) -> None:
    (action,) = said(Dialect.V1, v1(type="resume", cursor=cursor), awaits_cursor=True)
    if code is None:
        assert isinstance(action, ResumeFrom)
    else:
        assert isinstance(action, Close)
        assert action.code == code


def test_a_cursor_is_taken_once() -> None:
    session = Session(Dialect.V1, awaits_cursor=True)
    resume = v1(type="resume", cursor="earliest").encode()
    assert list(session.on_frame(Opcode.TEXT, resume, fin=True)) == [
        ResumeFrom(EVERYTHING_RETAINED)
    ]
    assert error_code(list(session.on_frame(Opcode.TEXT, resume, fin=True))) == (
        "resume_not_expected"
    )


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("data", [b"\xff", b"\xc3", b"a\xed\xa0\x80b", b"\xf8\x88\x80\x80\x80"])
def test_a_text_that_is_no_utf_8_closes_with_1007(dialect: Dialect, data: bytes) -> None:
    (action,) = said(dialect, data)
    assert isinstance(action, Close)
    assert action.code == 1007


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("fin", [True, False])
def test_a_binary_message_closes_with_1003(dialect: Dialect, fin: bool) -> None:
    (action,) = Session(dialect).on_frame(Opcode.BINARY, b"ping", fin=fin)
    assert isinstance(action, Close)
    assert action.code == 1003


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("payload", [b"", b"x", b"\xff" * 125])
def test_an_rfc_ping_is_answered_with_its_own_payload(dialect: Dialect, payload: bytes) -> None:
    (action,) = Session(dialect).on_frame(Opcode.PING, payload, fin=True)
    assert isinstance(action, Send)
    (frame,) = read_back(action.data)
    assert (frame.opcode, frame.data) == (Opcode.PONG, payload)


def test_an_rfc_pong_asks_for_nothing() -> None:
    assert list(Session(Dialect.PLAIN).on_frame(Opcode.PONG, b"", fin=True)) == []


# Fragments


@settings(deadline=None)
@given(st.lists(st.integers(0, 15), max_size=6))
def test_a_message_in_any_fragments_with_pings_between_is_one_message(cuts: list[int]) -> None:
    whole = '{"type":"pïng"}'.replace("ï", "i").encode()
    session = Session(Dialect.V1)
    ends = sorted({min(c, len(whole)) for c in cuts})
    pieces = [whole[a:b] for a, b in zip([0, *ends], [*ends, len(whole)], strict=True)]
    done: list[Action] = []
    for number, piece in enumerate(pieces):
        opcode = Opcode.CONT if number else Opcode.TEXT
        done += session.on_frame(opcode, piece, fin=number == len(pieces) - 1)
        if number < len(pieces) - 1:
            assert done == []
            assert len(session.on_frame(Opcode.PING, b"", fin=True)) == 1
    assert done == [Send(dialects.V1_PONG)]


def test_a_character_may_be_cut_by_fragments() -> None:
    session = Session(Dialect.V1)
    whole = '{"type":"ping","é":1}'.encode()
    cut = whole.index(b"\xa9")
    assert list(session.on_frame(Opcode.TEXT, whole[:cut], fin=False)) == []
    assert list(session.on_frame(Opcode.CONT, whole[cut:], fin=True)) == [Send(dialects.V1_PONG)]


Fragment = tuple[Opcode, bytes, bool]
OUT_OF_ORDER: dict[str, list[Fragment]] = {
    "a continuation of nothing": [(Opcode.CONT, b"ping", True)],
    "a text within a text": [(Opcode.TEXT, b"pi", False), (Opcode.TEXT, b"ng", True)],
    "a continuation after the last fragment": [
        (Opcode.TEXT, b'{"type":', False),
        (Opcode.CONT, b'"a"}', True),
        (Opcode.CONT, b"", True),
    ],
}


@pytest.mark.parametrize("frames", OUT_OF_ORDER.values(), ids=OUT_OF_ORDER.keys())
def test_fragments_out_of_order_close_with_1002(frames: list[Fragment]) -> None:
    session = Session(Dialect.V1)
    *before, last = frames
    for opcode, data, fin in before:
        assert list(session.on_frame(opcode, data, fin=fin)) == []
    (action,) = session.on_frame(last[0], last[1], fin=last[2])
    assert isinstance(action, Close)
    assert action.code == 1002


def test_fragments_that_pass_64_kib_close_with_1009() -> None:
    session = Session(Dialect.V1)
    half = b" " * (MAX_MESSAGE_BYTES // 2)
    assert list(session.on_frame(Opcode.TEXT, half, fin=False)) == []
    assert list(session.on_frame(Opcode.CONT, half, fin=False)) == []
    (action,) = session.on_frame(Opcode.CONT, b"x", fin=True)
    assert isinstance(action, Close)
    assert action.code == 1009


def test_fragments_without_end_or_content_close_with_1009() -> None:
    session = Session(Dialect.PLAIN)
    assert list(session.on_frame(Opcode.TEXT, b"", fin=False)) == []
    answers = (session.on_frame(Opcode.CONT, b"", fin=False) for _ in range(10_000))
    (action,) = next(actions for actions in answers if actions)
    assert isinstance(action, Close)
    assert action.code == 1009


# Goodbyes


def goodbye(data: bytes) -> Action:
    (action,) = Session(Dialect.V1).on_frame(Opcode.CLOSE, data, fin=True)
    return action


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 3000, 4000, 4999])
def test_a_close_is_answered_with_its_own_code(code: int) -> None:
    action = goodbye(CloseFrame(code, "bye").serialize())
    assert isinstance(action, Goodbye)
    assert action.code == code
    (frame,) = read_back(action.answer)
    assert frame.opcode is Opcode.CLOSE
    assert CloseFrame.parse(frame.data).code == code


def test_a_close_without_a_code_is_answered_without_one() -> None:
    action = goodbye(b"")
    assert isinstance(action, Goodbye)
    (frame,) = read_back(action.answer)
    assert (frame.opcode, frame.data) == (Opcode.CLOSE, b"")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])
def test_a_close_with_a_code_that_no_frame_may_carry_is_answered_with_1002(code: int) -> None:
    action = goodbye(struct.pack("!H", code))
    assert isinstance(action, Close)
    assert action.code == 1002


def test_a_close_of_one_byte_is_answered_with_1002() -> None:
    action = goodbye(b"\x03")
    assert isinstance(action, Close)
    assert action.code == 1002


def test_a_close_whose_reason_is_no_utf_8_is_answered_with_1007() -> None:
    action = goodbye(struct.pack("!H", 1000) + b"\xff")
    assert isinstance(action, Close)
    assert action.code == 1007


# Heartbeats


def heartbeats(session: Session, count: int) -> list[Action]:
    return [action for _ in range(count) for action in session.on_heartbeat()]


def test_three_heartbeats_without_a_word_close_with_4409() -> None:
    session = Session(Dialect.V1)
    assert heartbeats(session, 1) == []  # the handshake was a word
    assert heartbeats(session, 2) == []
    (action,) = heartbeats(session, 1)
    assert isinstance(action, Close)
    assert action.code == 4409


WORDS: dict[str, Fragment] = {
    "a ping": (Opcode.PING, b"", True),
    "a pong": (Opcode.PONG, b"", True),
    "a text": (Opcode.TEXT, b"ping", True),
    "a fragment": (Opcode.TEXT, b"pi", False),
}


@pytest.mark.parametrize(("opcode", "data", "fin"), WORDS.values(), ids=WORDS.keys())
def test_a_client_stays_with(opcode: Opcode, data: bytes, fin: bool) -> None:
    session = Session(Dialect.PLAIN)
    for _ in range(5):
        assert heartbeats(session, 3) == []
        session.on_frame(opcode, data, fin=fin)
        session = session if opcode is not Opcode.TEXT or fin else Session(Dialect.PLAIN)


@settings(deadline=None)
@given(
    st.sampled_from(Dialect),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(Opcode), st.binary(max_size=20), st.booleans())),
)
def test_no_frames_do_more_than_ask_for_actions(
    dialect: Dialect, awaits_cursor: bool, frames: list[Fragment]
) -> None:
    session = Session(dialect, awaits_cursor=awaits_cursor)
    for opcode, data, fin in frames:
        for action in session.on_frame(opcode, data, fin=fin):
            assert isinstance(action, Send | Close | Goodbye | Subscribe | ResumeFrom)
