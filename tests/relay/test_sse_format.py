"""The bytes of server-sent events, read back as the WHATWG's standard says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.relay.event_source import EventStream, Message
from tests.relay.model import relayed
from unionflow_events import EVERYONE
from unionflow_relay.core import dialects, event_stream
from unionflow_relay.core.dialects import Dialect, Form, TruncatedRange, TruncationReason, Welcome
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Slice, portions

SSE = Dialect.SSE
GAP = TruncatedRange("members", 2, 1836, 2400, TruncationReason.RETENTION)
WELCOME = Welcome("s-1", "1~aaaaaaaa:1", 25, "2026-11-24T00:00:00.000Z", None, ["*"], tokens=True)
FRAMES = {
    "welcome": (dialects.welcome(WELCOME, SSE), "1~aaaaaaaa:1"),
    "heartbeat": (dialects.heartbeat("1~aaaaaaaa:2", SSE), "1~aaaaaaaa:2"),
    "recovered": (dialects.recovered(3, None, "1~aaaaaaaa:3", SSE), "1~aaaaaaaa:3"),
    "truncated": (dialects.truncated("1~aaaaaaaa:4", [GAP], SSE), "kept"),
    "access": (dialects.access(["A"], None, "1~aaaaaaaa:5", None, SSE), "kept"),
    "token_expiring": (dialects.token_expiring("2026-11-24T00:00:00.000Z", SSE), "kept"),
    "reconnect": (dialects.reconnect(4_321, SSE), "kept"),
    "close": (dialects.closing(1012, "the server is restarting", 1_500), "kept"),
}


def read(*pieces: bytes) -> tuple[list[Message], EventStream]:
    parser = EventStream()
    parser.feed(b"id: kept\n\n")
    return [message for piece in pieces for message in parser.feed(piece)], parser


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_one_event_of_its_type_with_the_id_that_it_may_move_a_client_to(
    kind: str,
) -> None:
    data, last_event_id = FRAMES[kind]
    (message,), parser = read(data)
    assert (message.event, json.loads(message.data)["type"]) == (kind, kind)
    assert parser.last_event_id == last_event_id


def test_truncated_moves_nobody_on_so_that_who_is_cut_off_before_loading_is_told_again() -> None:
    (message,), _ = read(FRAMES["truncated"][0])
    assert message.last_event_id == "kept"
    assert json.loads(message.data)["ranges"] == [GAP.as_json()]


@pytest.mark.parametrize(("kind", "after"), [("reconnect", 4_321), ("close", 1_500)])
def test_when_to_come_back_is_said_by(kind: str, after: int) -> None:
    assert read(FRAMES[kind][0])[1].retry == after


def test_retry_is_between_one_second_and_five_and_spreads_those_who_came_together() -> None:
    assert read(event_stream.retry(1_234))[1].retry == 1_234
    crowd = sorted(event_stream.retry_ms(number) for number in range(1, 401))
    assert 1_000 <= crowd[0] <= crowd[-1] < 5_000
    assert max(b - a for a, b in pairwise(crowd)) <= 40


texts = st.text(st.characters(codec="utf-8"), max_size=20)
SENTENCE = "\r\n\u2028 : é\0 \ufeff"


@given(
    bodies=st.lists(texts | st.just(SENTENCE), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 40), max_size=20),
)
def test_events_come_out_as_they_went_in_whatever_they_hold_and_however_they_are_cut(
    bodies: Sequence[str], cuts: Sequence[int]
) -> None:
    records = [
        relayed(EVERYONE, "KPI_UPDATED", n, json.dumps(body, ensure_ascii=False)[1:-1])
        for n, body in enumerate(bodies)
    ]
    data = b"".join(record.frame(Form.SSE) for record in records) + event_stream.mark("1~x")
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    messages, parser = read(*pieces, data)
    assert [json.loads(m.data)["event"] for m in messages] == [
        json.loads(record.encoded) for record in records
    ]
    assert [json.loads(m.data)["position"] for m in messages] == [
        record.lane.position(record.offset) for record in records
    ]
    assert [m.last_event_id for m in messages] == ["kept"] * (len(records) - 1) + ["1~x"]
    assert parser.last_event_id == "1~x"


def test_features_name_refresh_only_for_who_can_send_one() -> None:
    said = {
        (dialect, tokens): dialects.features(dialect, tokens=tokens)
        for dialect in dialects.TYPED
        for tokens in (False, True)
    }
    assert {key for key, features in said.items() if "refresh" in features} == {(Dialect.V1, True)}
    assert all({"resume", "eventTypes", "conflate", "sse"} <= set(f) for f in said.values())


def test_a_large_piece_is_dealt_out_in_portions_that_say_how_far_each_reaches() -> None:
    lanes = [Lane("members", "aaaaaaaa", 0), Lane("stats", "bbbbbbbb", 0)]
    records = [relayed(EVERYONE, "X", n, lane=lane) for lane in lanes for n in range(3)]
    piece = Slice(records, {lanes[0]: 9, lanes[1]: 7})
    parts = list(portions(piece, 4))
    assert [len(part.records) for part in parts] == [4, 2]
    assert [dict(part.progress) for part in parts] == [{lanes[0]: 3, lanes[1]: 1}, piece.progress]
    assert [part.records for part in portions(piece, 6)] == [records]
    assert [dict(part.progress) for part in portions(Slice([], piece.progress), 6)] == [
        piece.progress
    ]
