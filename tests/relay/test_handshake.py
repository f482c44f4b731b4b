"""The handshake of `/ws/dashboard`: whom it lets in, as what, and in which words it refuses."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_relay.core.access import MAX_ID_LENGTH
from unionflow_relay.core.cursor import MAX_CURSOR_LENGTH, Cursor
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import (
    Accepted,
    Refused,
    Request,
    Resume,
    Rules,
    decide,
    parse_query,
)

PATH = "/ws/dashboard"
RULES = Rules(PATH)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
GOOD = {
    "host": "api.mutuelle.example",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}
V1 = {**GOOD, "sec-websocket-protocol": "unionflow.v1"}


def asked(
    query: str = "", headers: Mapping[str, str] = GOOD, rules: Rules = RULES, method: str = "GET"
) -> Accepted | Refused:
    return decide(Request(method, rules.path + query, headers), rules)


def accepted(query: str = "", headers: Mapping[str, str] = GOOD, rules: Rules = RULES) -> Accepted:
    verdict = asked(query, headers, rules)
    assert isinstance(verdict, Accepted)
    return verdict


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_the_answer_is_the_one_of_rfc_6455_s_own_example() -> None:
    assert accepted().response.split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        b"",
        b"",
    ]


def test_unionflow_v1_is_named_in_the_answer() -> None:
    assert b"\r\nSec-WebSocket-Protocol: unionflow.v1\r\n" in accepted("", V1).response


PROTOCOLS = {
    "none": (None, Dialect.PLAIN),
    "an empty one": ("", Dialect.PLAIN),
    "another": ("mqtt", Dialect.PLAIN),
    "unionflow.v1": ("unionflow.v1", Dialect.V1),
    "unionflow.v1 with a token beside it": ("unionflow.v1, bearer.abc", Dialect.V1),
    "a token first, without blanks": ("bearer.abc,unionflow.v1", Dialect.V1),
    "the next version": ("unionflow.v2", Dialect.PLAIN),
    "a longer name": ("unionflow.v10", Dialect.PLAIN),
}


@pytest.mark.parametrize(("offered", "dialect"), PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_the_dialect_for_a_client_that_offers(offered: str | None, dialect: Dialect) -> None:
    headers = GOOD if offered is None else {**GOOD, "sec-websocket-protocol": offered}
    assert accepted("", headers).view.dialect is dialect
    answered = b"Sec-WebSocket-Protocol" in accepted("", headers).response
    assert answered == (dialect is Dialect.V1)


UPGRADES: dict[str, Mapping[str, str]] = {
    "as browsers write it": {"connection": "keep-alive, Upgrade"},
    "in other cases": {"connection": "UPGRADE", "upgrade": "WebSocket"},
    "with an origin, where any may come": {"origin": "https://elsewhere.example"},
    "with compression offered": {"sec-websocket-extensions": "permessage-deflate"},
}


@pytest.mark.parametrize("headers", UPGRADES.values(), ids=UPGRADES.keys())
def test_an_upgrade_is_taken(headers: Mapping[str, str]) -> None:
    verdict = accepted("", {**GOOD, **headers})
    assert b"Extensions" not in verdict.response


REFUSALS: dict[str, tuple[int, Mapping[str, str]]] = {
    "no upgrade": (426, without("upgrade")),
    "an upgrade to something else": (426, {**GOOD, "upgrade": "h2c"}),
    "no connection header": (426, without("connection")),
    "a connection that is kept": (426, {**GOOD, "connection": "keep-alive"}),
    "no version": (426, without("sec-websocket-version")),
    "version 8": (426, {**GOOD, "sec-websocket-version": "8"}),
    "version 013": (426, {**GOOD, "sec-websocket-version": "013"}),
    "two versions": (426, {**GOOD, "sec-websocket-version": "13, 8"}),
    "no key": (400, without("sec-websocket-key")),
    "an empty key": (400, {**GOOD, "sec-websocket-key": ""}),
    "a key of 15 bytes": (
        400,
        {**GOOD, "sec-websocket-key": base64.b64encode(b"x" * 15).decode()},
    ),
    "a key of 17 bytes": (
        400,
        {**GOOD, "sec-websocket-key": base64.b64encode(b"x" * 17).decode()},
    ),
    "a key that is no base64": (400, {**GOOD, "sec-websocket-key": "?" * 24}),
    "a key in Latin-1": (400, {**GOOD, "sec-websocket-key": "é" * 24}),
    "two keys": (400, {**GOOD, "sec-websocket-key": f"{KEY}, {KEY}"}),
}


@pytest.mark.parametrize(("status", "headers"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_handshake_is_refused_with(status: int, headers: Mapping[str, str]) -> None:
    verdict = asked("", headers)
    assert isinstance(verdict, Refused)
    assert verdict.status == status
    assert verdict.message
    if status == 426:
        assert verdict.headers


def test_a_client_of_another_version_is_told_which_is_spoken() -> None:
    verdict = asked("", {**GOOD, "sec-websocket-version": "8"})
    assert isinstance(verdict, Refused)
    assert ("Sec-WebSocket-Version", "13") in verdict.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "get"])
def test_no_method_but_get_is_allowed(method: str) -> None:
    verdict = asked(method=method)
    assert isinstance(verdict, Refused)
    assert verdict.status == 405
    assert verdict.headers == (("Allow", "GET"),)


PATHS = {
    "the root": "/",
    "another": "/ws",
    "a slash more": PATH + "/",
    "a longer one": PATH + "s",
    "in capitals": PATH.upper(),
    "with an escape": "/ws/dash%62oard",
    "with dots": "/ws/../ws/dashboard",
    "empty": "",
    "only a query": "?organization=a",
    "an address with half a bracket": f"//[{PATH}",
    "an address with the other half": f"//a]b{PATH}",
    "a URL with half a bracket": f"http://[::1{PATH}",
    "a path with a fragment": f"{PATH}#x",
}


@pytest.mark.parametrize("target", PATHS.values(), ids=PATHS.keys())
def test_nothing_is_at_a_path_that_is(target: str) -> None:
    verdict = decide(Request("GET", target, GOOD), RULES)
    assert isinstance(verdict, Refused)
    assert verdict.status == 404
    assert PATH in verdict.message


def test_under_a_base_path_only_that_path_is_served() -> None:
    rules = Rules("/unionflow" + PATH)
    assert isinstance(asked(rules=rules), Accepted)
    verdict = decide(Request("GET", PATH, GOOD), rules)
    assert isinstance(verdict, Refused)
    assert verdict.status == 404


ORIGINS = {
    "one that is listed": ("https://app.example", True),
    "another": ("https://evil.example", False),
    "its parent": ("https://example", False),
    "one that begins with it": ("https://app.example.evil", False),
    "another scheme": ("http://app.example", False),
    "null": ("null", False),
    "an empty one": ("", False),
    "none at all, as apps have": (None, True),
}


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS.values(), ids=ORIGINS.keys())
def test_where_origins_are_listed_a_browser_comes_from(origin: str | None, allowed: bool) -> None:
    rules = Rules(PATH, frozenset({"https://app.example"}))
    headers = GOOD if origin is None else {**GOOD, "origin": origin}
    verdict = asked("", headers, rules)
    assert isinstance(verdict, Accepted) == allowed
    if isinstance(verdict, Refused):
        assert verdict.status == 403


# Queries


def test_without_organisation_and_user_everything_is_seen_as_in_the_first_system() -> None:
    verdict = accepted()
    assert verdict.view.everything
    assert verdict.user is None


def test_a_user_alone_sees_no_organisation() -> None:
    verdict = accepted("?user=ann")
    assert not verdict.view.everything
    assert verdict.view.organizations == frozenset()
    assert verdict.user == "ann"


def test_several_organisations_may_be_named() -> None:
    verdict = accepted("?organization=a&organization=b&organization=a&user=ann")
    assert verdict.view.organizations == {"a", "b"}
    assert not verdict.view.everything


def test_ids_are_decoded_as_queries_are() -> None:
    verdict = accepted("?organization=c%C3%B4te+d%27or&user=%C3%A9")
    assert verdict.view.organizations == {"côte d'or"}
    assert verdict.user == "é"


def test_event_types_narrow_from_the_first_frame_on() -> None:
    assert accepted().view.event_types is None
    assert accepted("?eventTypes=A,B").view.event_types == frozenset({"A", "B"})
    assert accepted("?eventTypes=A&eventTypes=B,C").view.event_types == frozenset({"A", "B", "C"})
    assert not accepted("?organization=x&eventTypes=A").view.everything


@pytest.mark.parametrize("unknown", ["?x=1", "?access_token=abc", "?=1", "?&&", "?organizations=a"])
def test_what_a_query_has_more_is_ignored(unknown: str) -> None:
    assert accepted(unknown).view.everything


LONG = "x" * (MAX_ID_LENGTH + 1)
BAD_QUERIES = {
    "an empty organisation": "?organization=",
    "an empty organisation among good ones": "?organization=a&organization=",
    "an empty user": "?user=",
    "two users": "?user=a&user=b",
    "an organisation of 257 characters": f"?organization={LONG}",
    "a user of 257 characters": f"?user={LONG}",
    "empty event types": "?eventTypes=",
    "an empty event type": "?eventTypes=A,,B",
    "65 event types": "?eventTypes=" + ",".join(f"T{n}" for n in range(65)),
    "an event type of 129 characters": "?eventTypes=" + "T" * 129,
    "65 fields": "?" + "&".join(f"f{n}=1" for n in range(65)),
    "no UTF-8": "?organization=%ff",
}


@pytest.mark.parametrize("headers", [GOOD, V1], ids=["plain", "v1"])
@pytest.mark.parametrize("query", BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_query_is_refused_with_400_for(query: str, headers: Mapping[str, str]) -> None:
    verdict = asked(query, headers)
    assert isinstance(verdict, Refused)
    assert verdict.status == 400


def test_the_largest_ids_are_taken() -> None:
    assert accepted(f"?organization={LONG[1:]}&user={LONG[1:]}").user == LONG[1:]


# Cursors


def test_without_a_cursor_a_client_begins_live() -> None:
    assert accepted("", V1).resume is None


def test_a_cursor_is_read() -> None:
    verdict = accepted("?" + urlencode({"cursor": "1~q3Zk1PfA:5~q3Zk1PfA.0.7"}), V1)
    assert verdict.resume == Resume(Cursor({("q3Zk1PfA", 0): 8}, frozenset({"q3Zk1PfA"})))
    assert verdict.close is None


def test_a_cursor_may_come_as_the_first_message() -> None:
    assert accepted("?cursor=message", V1).resume == Resume(None)


BAD_CURSORS = {
    "an empty one": "?cursor=",
    "one that is malformed": "?cursor=1~",
    "two": "?cursor=earliest&cursor=earliest",
    "one that is too long": "?cursor=1~q3Zk1PfA:" + "1" * MAX_CURSOR_LENGTH,
}


@pytest.mark.parametrize("query", BAD_CURSORS.values(), ids=BAD_CURSORS.keys())
def test_a_browser_can_read_4400_where_its_cursor_is(query: str) -> None:
    verdict = accepted(query, V1)
    assert verdict.close is not None
    code, reason = verdict.close
    assert code == 4400
    assert reason
    assert not verdict.view.everything


@pytest.mark.parametrize("query", [*BAD_CURSORS.values(), "?cursor=earliest"])
def test_the_plain_dialect_knows_no_cursor(query: str) -> None:
    verdict = accepted(query)
    assert verdict.resume is None
    assert verdict.close is None


ascii_targets = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)


@settings(deadline=None)
@given(ascii_targets, st.sampled_from(["", PATH, PATH + "?", PATH + "?cursor="]))
def test_no_target_does_more_than_be_taken_or_refused(target: str, start: str) -> None:
    verdict = decide(Request("GET", start + target, V1), RULES)
    assert isinstance(verdict, Accepted | Refused)


@pytest.mark.parametrize("types", ["APPROVAL_PENDING", "KPI_UPDATED,made-up", ""])
def test_only_events_that_tell_how_things_stand_can_be_conflated(types: str) -> None:
    verdict = asked("?cursor=earliest&conflate=" + types, V1)
    assert isinstance(verdict, Refused)
    assert verdict.status == 400


PIECES = st.sampled_from(["a", "b", "=", "&", ";", "+", "%", "%41", "%c3%a9", "?", "/"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_query_is_read_as_python_s_own_parser_reads_it(query: str) -> None:
    assert parse_query(query) == parse_qs(query, keep_blank_values=True)
