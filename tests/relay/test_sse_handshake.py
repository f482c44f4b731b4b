"""A request for events: whom it lets in, how it refuses, and what pages may read of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from unionflow_access.errors import InvalidToken, Refusal
from unionflow_relay.core.access import Grant, Headers, Query
from unionflow_relay.core.cursor import MAX_CURSOR_LENGTH, Cursor
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import Accepted, Gate, Refused, Request, Rules, without_tokens
from unionflow_relay.core.stream_handshake import decide_stream, is_for_stream, shared
from unionflow_relay.errors import OrganizationNotAllowed, OverCapacity, TooMany

PATH = "/sse/dashboard"
OURS = "https://app.example"
RULES = Rules("/ws/dashboard", stream_path=PATH)
LISTED = Rules("/ws/dashboard", frozenset({OURS}), stream_path=PATH)
PREFLIGHT = {
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization,last-event-id",
}


def asked(
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    rules: Rules = RULES,
    gate: Gate = without_tokens,
    **query: Any,
) -> Accepted | Refused:
    target = f"{PATH}?{urlencode(query, doseq=True)}"
    request = Request(method, target, headers or {})
    assert is_for_stream(request, rules)
    verdict = decide_stream(request, rules, gate)
    return shared(verdict, request, rules) if isinstance(verdict, Refused) else verdict


def accepted(headers: Mapping[str, str] | None = None, **query: Any) -> Accepted:
    verdict = asked(headers, **query)
    assert isinstance(verdict, Accepted), verdict
    return verdict


def refused(headers: Mapping[str, str] | None = None, **more: Any) -> Refused:
    verdict = asked(headers, **more)
    assert isinstance(verdict, Refused), verdict
    return verdict


def head_of(verdict: Accepted) -> tuple[str, dict[str, str]]:
    status, *lines = verdict.response.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines)


def raising(problem: Exception) -> Gate:
    def gate(_headers: Headers, _query: Query) -> Grant:
        raise problem

    return gate


def test_the_answer_is_a_stream_that_nobody_on_the_way_may_keep_or_hold_back() -> None:
    status, headers = head_of(accepted())
    assert status == "HTTP/1.1 200 OK"
    assert headers == {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
        "Connection": "close",
    }


def test_the_query_chooses_as_it_does_for_a_web_socket() -> None:
    verdict = accepted(
        organization=["A", "B"], user="awa", eventTypes="X,Y", cursor="1~aaaaaaaa:7",
        conflate="KPI_UPDATED",
    )  # fmt: skip
    assert verdict.view.dialect is Dialect.SSE
    assert verdict.view.organizations == {"A", "B"}
    assert verdict.view.event_types == frozenset({"X", "Y"})
    assert verdict.user == "awa"
    assert verdict.resume is not None
    assert verdict.resume.conflate == {"KPI_UPDATED"}
    assert verdict.resume.cursor == Cursor({("aaaaaaaa", 0): 7}, frozenset({"aaaaaaaa"}))


def test_last_event_id_wins_over_the_cursor_of_the_url() -> None:
    seven = Cursor({("aaaaaaaa", 0): 7}, frozenset({"aaaaaaaa"}))
    later = {"last-event-id": "1~aaaaaaaa:7"}
    for cursor in ("1~aaaaaaaa:3", "earliest", "nonsense", "message"):
        resume = accepted(later, cursor=cursor).resume
        assert resume is not None
        assert resume.cursor == seven


def test_an_empty_last_event_id_is_none() -> None:
    resume = accepted({"last-event-id": ""}, cursor="1~aaaaaaaa:3").resume
    assert resume is not None
    assert resume.cursor is not None
    assert resume.cursor.wanted("aaaaaaaa", 0) == 3
    assert accepted({"last-event-id": ""}).resume is None


MALFORMED = {
    "a cursor that is none": ({}, {"cursor": "nonsense"}, "starts with the version 1"),
    "two cursors": ({}, {"cursor": ["1", "1"]}, "one cursor"),
    "a last event ID that is none": ({"last-event-id": "17"}, {}, "starts with the version 1"),
    "two last event IDs": ({"last-event-id": "1~aaaaaaaa:7, 1"}, {}, "neither"),
    "a last event ID that is too long": (
        {"last-event-id": "1~" + "a" * MAX_CURSOR_LENGTH},
        {},
        "at most",
    ),
    "a cursor to come by message": ({}, {"cursor": "message"}, "for WebSockets"),
    "an ID that is empty": ({}, {"organization": ""}, "1 to 256"),
    "an event type that is empty": ({}, {"eventTypes": "A,,B"}, "list of names"),
    "a type that cannot be conflated": ({}, {"cursor": "1", "conflate": "X"}, "conflate takes"),
}


@pytest.mark.parametrize(("headers", "query", "words"), MALFORMED.values(), ids=MALFORMED)
def test_a_400_ends_a_browser_s_attempts_for(
    headers: Mapping[str, str], query: Mapping[str, Any], words: str
) -> None:
    verdict = refused(headers, **query)
    assert (verdict.status, words in verdict.message) == (400, True), verdict


TURNED_AWAY = {
    "no token": (InvalidToken(Refusal.MISSING), 401, "WWW-Authenticate"),
    "a bad token": (InvalidToken(Refusal.EXPIRED), 401, "WWW-Authenticate"),
    "another's organisation": (OrganizationNotAllowed("not yours"), 403, None),
    "too many of one user": (TooMany("user_connections", "too many", 5), 429, "Retry-After"),
    "a full relay": (OverCapacity("connections", "full", 5), 503, "Retry-After"),
}


@pytest.mark.parametrize(("problem", "status", "header"), TURNED_AWAY.values(), ids=TURNED_AWAY)
def test_the_status_says_it_of(problem: Exception, status: int, header: str | None) -> None:
    verdict = refused(gate=raising(problem))
    assert verdict.status == status
    assert [name for name, _ in verdict.headers] == ([] if header is None else [header])


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "TRACE"])
def test_no_other_method_is_taken(method: str) -> None:
    verdict = refused(method=method)
    assert (verdict.status, dict(verdict.headers)["Allow"]) == (405, "GET, OPTIONS")


# Pages of other origins


def test_a_page_of_a_listed_origin_may_read_the_stream_and_no_cookie_is_asked_for() -> None:
    verdict = asked({"origin": OURS}, rules=LISTED)
    assert isinstance(verdict, Accepted)
    headers = head_of(verdict)[1]
    assert headers["Access-Control-Allow-Origin"] == OURS
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in headers


def test_where_no_origin_is_listed_any_page_may_read_it() -> None:
    headers = head_of(accepted({"origin": "https://any.example"}))[1]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in headers


def test_a_listed_origin_s_page_may_read_why_it_was_refused_and_when_to_come_again() -> None:
    verdict = refused({"origin": OURS}, rules=LISTED, gate=raising(OverCapacity("x", "full", 5)))
    said = dict(verdict.headers)
    assert said["Access-Control-Allow-Origin"] == OURS
    assert "Retry-After" in said["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", OURS + ".evil.example", ""])
def test_another_origin_is_refused_and_told_nothing(origin: str, method: str) -> None:
    verdict = refused({"origin": origin, **PREFLIGHT}, method=method, rules=LISTED)
    assert (verdict.status, verdict.headers) == (403, ())


def test_who_is_no_page_has_no_origin_and_is_let_in() -> None:
    verdict = asked(rules=LISTED)
    assert isinstance(verdict, Accepted)
    assert "Access-Control-Allow-Origin" not in head_of(verdict)[1]


def test_a_browser_that_asks_beforehand_is_told_what_may_be_sent_without_a_token() -> None:
    gate = raising(InvalidToken(Refusal.MISSING))
    verdict = refused({"origin": OURS, **PREFLIGHT}, method="OPTIONS", rules=LISTED, gate=gate)
    said = dict(verdict.headers)
    assert (verdict.status, verdict.message) == (204, "")
    assert said["Access-Control-Allow-Origin"] == OURS
    assert "GET" in said["Access-Control-Allow-Methods"]
    allowed = said["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "last-event-id"} <= set(allowed)


def test_where_no_path_is_set_nothing_is_a_stream() -> None:
    assert not is_for_stream(Request("GET", PATH, {}), Rules("/ws/dashboard"))
    assert not is_for_stream(Request("GET", "", {}), Rules("/ws/dashboard"))
