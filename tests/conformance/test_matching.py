"""What was seen, held against what was wanted."""

from __future__ import annotations

from tests.contract.table import Case
from unionflow_cli.conformance.core.expectation import Expectation, message, plain_texts
from unionflow_cli.conformance.core.levels import Level
from unionflow_cli.conformance.core.matching import agree, fits, is_on_the_way
from unionflow_cli.conformance.core.visit import parse_head


def test_a_field_that_an_opening_does_not_name_is_not_compared() -> None:
    seen = {"transport": "ws", "url": "/ws/dashboard", "cursor": "1~A:1", "token": None}
    assert fits("open", {"transport": "ws"}, seen)
    assert fits("open", {"url": "wss://api.example.org/ws/dashboard"}, seen)
    assert not fits("open", {"cursor": None}, seen)


def test_a_close_without_a_code_is_any_close_and_a_browser_may_say_1000() -> None:
    assert fits("close", 4409, None)
    assert fits("close", 1002, 1000)
    assert not fits("close", 4409, 1000)


def test_an_overtaken_store_need_not_be_written_but_the_last_one_must() -> None:
    assert agree("store", ["a", "b"], ["b"])
    assert agree("store", ["a", "b"], ["a", "b"])
    assert not agree("store", ["a", "b"], ["a"])
    assert not agree("store", [], ["a"])
    assert not agree("store", ["a"], ["x", "a"])


def test_events_agree_by_id_by_fields_or_by_number() -> None:
    seen = [{"id": "1", "class": "GenericEvent"}, {"id": "2"}]
    assert agree("events", ["1", {"id": "2"}], seen)
    assert agree("events", {"count": 2}, seen)
    assert not agree("events", ["2", "1"], seen)


def test_what_is_a_beginning_may_still_become_all_and_anything_else_may_not() -> None:
    assert is_on_the_way("events", ["1", "2"], [{"id": "1"}])
    assert not is_on_the_way("events", ["1", "2"], [{"id": "2"}])
    assert not is_on_the_way("close", [1000], [1000, 1000])


def test_a_program_that_holds_its_events_has_one_in_hand() -> None:
    case = Case("slow", "x", options={"program": "held"})
    expectation = Expectation(case, Level.FULL)
    came = [expectation.of({"at": 1, "expect": {"events": ["a", "b"]}})["events"]]
    came.append(expectation.of({"at": 2, "expect": {"events": ["c"]}})["events"])
    came.append(expectation.of({"at": 3, "take": 2})["events"])
    assert came == [["a"], [], ["b", "c"]]


def test_lower_levels_compare_no_class_and_the_plain_one_no_cursor() -> None:
    step = {"at": 1, "expect": {"events": [{"class": "X", "id": "1"}], "open": [{"cursor": "c"}]}}
    case = Case("events", "x")
    assert Expectation(case, Level.RESUME).of(step)["events"] == [{"id": "1"}]
    assert Expectation(case, Level.RESUME).of(step)["open"] == [{"cursor": "c"}]
    assert Expectation(case, Level.PLAIN).of(step)["open"] == [{}]


def test_a_frame_in_the_plain_dialect_is_its_event_or_nothing() -> None:
    assert plain_texts({"frame": {"type": "event", "event": {"id": "1"}}}) == [{"id": "1"}]
    assert plain_texts({"frame": {"type": "welcome"}}) == []
    assert message("ping", None) == {"type": "ping"}


def test_a_token_is_found_wherever_a_client_may_put_it() -> None:
    for line, query in (
        ("Authorization: Bearer T\r\n", ""),
        ("Sec-WebSocket-Protocol: unionflow.v1, bearer.T\r\n", ""),
        ("", "&access_token=T"),
    ):
        target = f"/~7/a/ws/dashboard?cursor=c&organization=a&organization=b{query}"
        head = f"GET {target} HTTP/1.1\r\n{line}\r\n"
        visit = parse_head(head.encode())
        assert visit is not None
        assert (visit.play, visit.path, visit.token, visit.cursor) == (
            "7",
            "/a/ws/dashboard",
            "T",
            "c",
        )
        assert visit.query == {"organization": ["a", "b"]}


def test_a_request_of_no_play_is_none() -> None:
    assert parse_head(b"GET /ws/dashboard HTTP/1.1\r\n\r\n") is None
    assert parse_head(b"rubbish\r\n\r\n") is None
