"""Parsing server-sent events and the little HTTP under them."""

from __future__ import annotations

import pytest

from unionflow_client.core import event_stream
from unionflow_client.core.event_stream import EventStream, Message
from unionflow_client.core.http import chunk_size, parse_head, request
from unionflow_client.errors import BadAnswer, TooLarge

SAID = (
    "\ufeff: a comment\r\nretry: 7\r\n\r\n"
    'event: welcome\ndata: {"é":1}\nid: 1~A:1\n\n'
    "data:two\rdata: lines\r\r"
    "id: lost, for there is no data\n\n"
    "data\n\n"
    "data: unended"
).encode()
EXPECTED = [Message('{"é":1}', "1~A:1"), Message("two\nlines", None), Message("", None)]


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 1_000])
def test_a_stream_is_read_alike_however_it_is_cut(piece: int) -> None:
    stream, seen = EventStream(), list[Message]()
    for at in range(0, len(SAID), piece):
        seen += stream.feed(SAID[at : at + piece])
    assert seen == EXPECTED


def test_an_id_with_a_null_is_none() -> None:
    assert list(EventStream().feed(b"id: a\0b\ndata: x\n\n")) == [Message("x", None)]


@pytest.mark.parametrize("endless", [b"data: " + b"x" * 99, b"data: x\n" * 99, b"x" * 99])
def test_an_event_without_an_end_is_bounded(
    endless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MAX_EVENT_CHARACTERS", 50)
    with pytest.raises(TooLarge):
        list(EventStream().feed(endless))


def test_a_request_cannot_be_broken_by_what_a_store_held() -> None:
    sent = request("http://a:1/sse/dashboard?x=1", {"Last-Event-ID": "1~A:1\r\nX: é"})
    lines = sent.decode("ascii").split("\r\n")
    assert lines[:3] == [
        "GET /sse/dashboard?x=1 HTTP/1.1",
        "Host: a:1",
        "Last-Event-ID: 1~A:1%0D%0AX: %C3%A9",
    ]


def test_the_head_of_an_answer_says_whether_events_follow() -> None:
    yes = parse_head(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n")
    no = parse_head(b"HTTP/1.1 503 \r\nRetry-After: 7\r\n\r\n")
    assert (yes.is_event_stream, no.is_event_stream) == (True, False)
    assert (no.status, no.retry_after_ms) == (503, 7_000)


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_speaks_no_http_is_no_answer(head: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_head(head)


def test_the_size_of_a_chunk_is_hexadecimal_with_extensions_ignored() -> None:
    assert [chunk_size(b"1f\r\n"), chunk_size(b"0;last\r\n")] == [31, 0]
    with pytest.raises(BadAnswer):
        chunk_size(b"\r\n")
