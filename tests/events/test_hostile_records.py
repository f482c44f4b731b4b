"""What anybody with the right to write may put on a topic: each gets a named reason."""

from __future__ import annotations

import inspect
import sys

import orjson
import pytest

from tests.events.samples import NOTIFICATIONS, record
from unionflow_events import MAX_RECORD_BYTES, Event, Rejected, RejectedReason, parse

R = RejectedReason
GOOD = {
    "id": "e-1",
    "eventType": "X",
    "timestamp": "2026-11-24T10:00:00.123Z",
    "organizationId": "o",
    "data": {},
}


def with_data(data: bytes) -> bytes:
    return b'{"eventType":"X","organizationId":"o","data":' + data + b"}"


def but(**fields: object) -> bytes:
    return orjson.dumps({**GOOD, **fields})


def without(name: str) -> bytes:
    return orjson.dumps({k: v for k, v in GOOD.items() if k != name})


HOSTILE: list[tuple[str, bytes | None, RejectedReason]] = [
    ("no value", None, R.EMPTY),
    ("an empty value", b"", R.EMPTY),
    ("more than the limit", b"x" * (MAX_RECORD_BYTES + 1), R.TOO_LARGE),
    ("numbers that grow when written", with_data(b'{"a":[' + b"1e15," * 190_000 + b"1]}"),
     R.TOO_LARGE),
    ("900 KB of x", b"x" * 900_000, R.NOT_JSON),
    ("900 KB of open brackets", b"[" * 900_000, R.TOO_DEEP),
    ("900 KB of backslashes", b'"' + b"\\" * 900_000, R.NOT_JSON),
    ("bytes that are no UTF-8", with_data(b'{"a":"\xff"}'), R.NOT_JSON),
    ("a lone surrogate", with_data(rb'{"a":"\ud800"}'), R.NOT_JSON),
    ("a mark of byte order", b"\xef\xbb\xbf{}", R.NOT_JSON),
    ("UTF-16", '{"eventType":"X"}'.encode("utf-16"), R.NOT_JSON),
    ("NaN", with_data(b'{"a":NaN}'), R.NOT_JSON),
    ("Infinity", with_data(b'{"a":-Infinity}'), R.NOT_JSON),
    ("a number without end", with_data(b'{"a":1' + b"0" * 100_000 + b"}"), R.NOT_JSON),
    ("an exponent without end", with_data(b'{"a":1e99999}'), R.NOT_JSON),
    ("a comment", b'{"eventType":"X"}//', R.NOT_JSON),
    ("two objects", b"{}{}", R.NOT_JSON),
    ("half an object", b'{"eventType":"X","data":{', R.NOT_JSON),
    ("an Avro record of a registry", b"\x00\x00\x00\x00\x07\x08Awa", R.NOT_JSON),
    ("a list", b"[]", R.NOT_AN_OBJECT),
    ("a string", b'"APPROVAL_PENDING"', R.NOT_AN_OBJECT),
    ("null", b"null", R.NOT_AN_OBJECT),
    ("5,000 levels", b'{"a":' * 5000 + b"1" + b"}" * 5000, R.TOO_DEEP),
    ("5,000 levels in data", with_data(b'{"a":' * 5000 + b"1" + b"}" * 5000), R.TOO_DEEP),
    ("300 levels in data", with_data(b'{"a":' * 300 + b"1" + b"}" * 300), R.TOO_DEEP),
    ("a field twice", b'{"organizationId":"a","organizationId":"b","eventType":"X","data":{}}',
     R.DUPLICATE_KEY),
    ("a field twice, once escaped", rb'{"userId":"a","user\u0049d":"b","eventType":"X","data":{}}',
     R.DUPLICATE_KEY),
    ("a key twice deep in data", with_data(b'{"a":[{"b":1,"b":1}]}'), R.DUPLICATE_KEY),
    ("an empty object", b"{}", R.NO_EVENT_TYPE),
    ("an event type of null", but(eventType=None), R.NO_EVENT_TYPE),
    ("an event type of number", but(eventType=5), R.BAD_FIELD),
    ("an empty event type", but(eventType=""), R.BAD_FIELD),
    ("an event type of 257 characters", but(eventType="X" * 257), R.BAD_FIELD),
    ("no data", without("data"), R.BAD_FIELD),
    ("data of null", but(data=None), R.BAD_FIELD),
    ("data as a list", but(data=[]), R.BAD_FIELD),
    ("data as text", but(data="{}"), R.BAD_FIELD),
    ("an id of number", but(id=5), R.BAD_FIELD),
    ("an empty id", but(id=""), R.BAD_FIELD),
    ("an id of 257 characters", but(id="i" * 257), R.BAD_FIELD),
    ("a time of number", but(timestamp=1795514400123), R.BAD_FIELD),
    ("a time that is none", but(timestamp="yesterday"), R.BAD_FIELD),
    ("a time of a thirteenth month", but(timestamp="2026-13-24T10:00:00.123Z"), R.BAD_FIELD),
    ("an organisation of number", but(organizationId=5), R.BAD_FIELD),
    ("an organisation of list", but(organizationId=["o"]), R.BAD_FIELD),
    ("an organisation of object", but(organizationId={"$ne": ""}), R.BAD_FIELD),
    ("an organisation of false", but(organizationId=False), R.BAD_FIELD),
    ("an empty organisation", but(organizationId=""), R.BAD_FIELD),
    ("an organisation of 257 characters", but(organizationId="o" * 257), R.BAD_FIELD),
    ("a user of number", but(userId=0), R.BAD_FIELD),
    ("an empty user", but(userId=""), R.BAD_FIELD),
    ("a user of 257 characters", but(userId="u" * 257), R.BAD_FIELD),
    ("nobody's", but(organizationId=None), R.NO_AUDIENCE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_a_hostile_record_gets_its_reason(value: bytes | None, reason: RejectedReason) -> None:
    result = parse(record(value, key=b"o"))

    assert isinstance(result, Rejected)
    assert result.reason is reason


def test_every_reason_has_a_case() -> None:
    of_batches = {R.UNPACKS_TOO_LARGE}  # judged before there is a record
    assert {reason for *_, reason in HOSTILE} == set(RejectedReason) - of_batches


@pytest.mark.parametrize("value", [5, ["o"], {"a": 1}, False, "", "o" * 257])
def test_a_wrong_organization_does_not_make_a_broadcast_one_to_everyone(value: object) -> None:
    fields = {"eventType": "BROADCAST_NOTIFICATION", "organizationId": value, "data": {}}

    result = parse(record(fields, topic=NOTIFICATIONS))

    assert isinstance(result, Rejected)
    assert result.reason is R.BAD_FIELD


def test_a_refusal_tells_nothing_of_what_the_record_said() -> None:
    details = [parse(record(value, key=b"SECRET")) for _, value, _ in HOSTILE]
    secret = [
        parse(record(but(**{name: ["SECRET"]})))
        for name in ("id", "eventType", "timestamp", "organizationId", "userId", "data")
    ]

    assert not [r for r in details + secret if "SECRET" in str(r)]
    assert all(len(str(r)) < 200 for r in details)


ODD: list[tuple[str, bytes]] = [
    ("the longest ids", but(id="é" * 256, organizationId="😀" * 256, userId="\x00" * 256)),
    ("254 levels", b'{"eventType":"X","organizationId":"o","data":'
     + b'{"a":' * 253 + b"1" + b"}" * 254),
    ("a NUL", but(organizationId="a\x00b")),
    ("a number wider than 64 bits", with_data(b'{"a":123456789012345678901234567890}')),
    ("a key that Python would take for its own", with_data(b'{"__class__":{"__init__":1}}')),
    ("an empty key", with_data(b'{"":1}')),
    ("900 KB of one string", with_data(b'{"a":"' + b"x" * 900_000 + b'"}')),
]  # fmt: skip


@pytest.mark.parametrize("value", [case[1] for case in ODD], ids=[case[0] for case in ODD])
def test_what_is_odd_but_good_is_an_event(value: bytes) -> None:
    assert isinstance(parse(record(value)), Event)


def test_a_deep_stack_of_the_caller_is_no_error_of_the_record() -> None:
    value = b' {"eventType":"X","organizationId":"o","data":' + b'{"a":' * 250 + b"1" + b"}" * 251
    deep = record(value)

    def descend(levels: int) -> object:
        return descend(levels - 1) if levels else parse(deep)

    room = sys.getrecursionlimit() - len(inspect.stack())
    results = [descend(room - spare) for spare in range(10, 170, 10)]

    assert {type(result) for result in results} <= {Event, Rejected}
