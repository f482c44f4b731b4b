"""What holds for every record there can be."""

from __future__ import annotations

import itertools
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.samples import APPROVALS, NOTIFICATIONS, POSITION, approval
from unionflow_events import EVERYONE, Audience, Event, Record, Rejected, Scope, parse

HEADER_NAMES = ["ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "traceparent", "x"]
TOPICS = [APPROVALS, NOTIFICATIONS, "audit"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
ids = st.sampled_from(["mutuelle-dakar", "mutuelle-cotonou", "user-17"])
wrong_ids = st.sampled_from([0, 5, True, False, "", [], ["mutuelle-dakar"], {}, "x" * 257, 0.5])
event_types = st.sampled_from(
    ["APPROVAL_PENDING", "USER_NOTIFICATION", "BROADCAST_NOTIFICATION", "LUNCH"]
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=300) | json_values,
        "eventType": event_types | json_values,
        "timestamp": st.just("2026-11-24T10:00:00.123Z") | st.text() | json_values,
        "organizationId": st.none() | ids | wrong_ids,
        "userId": st.none() | ids | wrong_ids,
        "data": st.dictionaries(st.text(), json_values, max_size=4) | json_values,
        "version": json_values,
    },
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good record with some bytes put in, taken out or changed."""
    raw = bytearray(approval().encoded)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(raw)


values = (
    st.none()
    | st.binary()
    | damaged()
    | json_values.map(lambda value: json.dumps(value).encode())
    | envelopes.map(lambda value: json.dumps(value).encode())
    | envelopes.map(lambda value: json.dumps(value, separators=(",", ":")).encode())
)
headers = st.lists(
    st.tuples(st.sampled_from(HEADER_NAMES) | st.text(), st.binary() | ids.map(str.encode))
)
records = st.builds(
    Record,
    topic=st.sampled_from(TOPICS) | st.text(),
    position=st.just(POSITION),
    timestamp_ms=st.integers(-(2**63), 2**63 - 1),
    key=st.none() | st.binary() | ids.map(str.encode),
    value=values,
    headers=headers,
)


@given(records)
def test_no_record_is_an_error(record: Record) -> None:
    assert isinstance(parse(record), Event | Rejected)


@given(records)
def test_what_clients_get_says_what_the_event_says_on_one_line(record: Record) -> None:
    event = parse(record)
    if isinstance(event, Rejected):
        return

    wire = orjson.loads(event.encoded)
    assert (wire["id"], wire["eventType"], wire["timestamp"], wire["organizationId"]) == (
        event.id,
        event.event_type,
        event.timestamp,
        event.organization_id,
    )
    assert wire["data"] == event.data
    assert ("userId" in wire) == (event.user_id is not None)
    assert wire.get("userId") == event.user_id
    assert b"\n" not in event.encoded
    assert b"\r" not in event.encoded


@given(records)
def test_what_clients_get_parses_to_the_same_event_again(record: Record) -> None:
    event = parse(record)
    if isinstance(event, Rejected):
        return

    assert parse(Record(record.topic, "elsewhere.0.0", 0, None, event.encoded)) == event


@given(records)
def test_all_ids_of_an_event_have_1_to_256_characters(record: Record) -> None:
    event = parse(record)
    if isinstance(event, Rejected):
        return

    given_ids = [event.id, event.event_type, event.organization_id, event.user_id]
    assert all(0 < len(each) <= 256 for each in given_ids if each is not None)


# --- audience ------------------------------------------------------------------------------------


def readable(raw: bytes | None) -> bool:
    try:
        return raw is not None and 0 < len(raw.decode()) <= 256
    except UnicodeDecodeError:
        return False


def is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 256


def who_may_see(
    topic: str, fields: dict[str, Any], key: bytes | None, subjects: list[bytes]
) -> Audience | None:
    """Section 1 of the wire reference, word for word; None: nobody."""
    user, organization = fields.get("userId"), fields.get("organizationId")
    if not all(is_id(each) for each in (user, organization) if each is not None):
        return None  # a field that is there but wrong
    if user is not None:  # "with userId, that user alone"
        return Audience(Scope.USER, user)
    if (
        "organizationId" not in fields and fields["eventType"] != "USER_NOTIFICATION"
    ):  # "whose key is its user"
        # "organizationId may come from the key or ce_subject"
        sources = [key] if key is not None else subjects
        if sources:
            if len(sources) > 1 or not readable(sources[0]):
                return None
            organization = sources[0].decode()
    if fields["eventType"] == "USER_NOTIFICATION":  # "who gets it: the user"
        return None
    if organization is not None:  # "else organizationId, that organisation"
        return Audience(Scope.ORGANIZATION, organization)
    if fields["eventType"] == "BROADCAST_NOTIFICATION" and topic == NOTIFICATIONS:
        return EVERYONE
    return None


def parsed_audience(
    topic: str, fields: dict[str, Any], key: bytes | None, subjects: list[bytes], spaces: str
) -> Audience | None:
    value = json.dumps(fields, separators=(f",{spaces}", f":{spaces}")).encode()
    subject_headers = [("ce_subject", subject) for subject in subjects]
    result = parse(Record(topic, POSITION, 0, key, value, subject_headers))
    return result.audience if isinstance(result, Event) else None


TYPES = ["APPROVAL_PENDING", "USER_NOTIFICATION", "BROADCAST_NOTIFICATION", "LUNCH"]
ABSENT = object()
OWN_FIELDS = {"id": "e-1", "timestamp": "2026-11-24T10:00:00.123Z"}


@pytest.mark.parametrize("spaces", ["", " "], ids=["as we write it", "with spaces"])
@pytest.mark.parametrize("others", [{}, OWN_FIELDS], ids=["foreign", "whole"])
def test_every_audience_is_that_of_the_wire_reference(others: dict[str, str], spaces: str) -> None:
    differences = []
    for topic, event_type, organization, user, key, subjects in itertools.product(
        TOPICS,
        TYPES,
        [ABSENT, None, "mutuelle-dakar", "", 5, ["mutuelle-dakar"]],
        [ABSENT, None, "user-17", "", False],
        [None, b"mutuelle-abidjan", b"", b"\xff", b"k" * 257],
        [[], [b"mutuelle-cotonou"], [b""], [b"a", b"b"]],
    ):
        ids = {"organizationId": organization, "userId": user}
        present = {name: value for name, value in ids.items() if value is not ABSENT}
        fields = {**others, "eventType": event_type, **present, "data": {}}
        got = parsed_audience(topic, fields, key, subjects, spaces)
        wanted = who_may_see(topic, fields, key, subjects)
        if got != wanted:
            differences.append((topic, fields, key, subjects, got, wanted))

    assert differences == []


addressed = st.fixed_dictionaries(
    {"eventType": st.sampled_from(TYPES) | st.text(min_size=1, max_size=256), "data": st.just({})},
    optional={"organizationId": json_values, "userId": json_values, "id": st.just("e-1")},
)
keys = st.none() | st.binary() | st.text().map(str.encode)


@given(st.sampled_from(TOPICS) | st.text(), addressed, keys, st.lists(st.binary(), max_size=2))
def test_no_values_widen_an_audience(
    topic: str, fields: dict[str, Any], key: bytes | None, subjects: list[bytes]
) -> None:
    wanted = who_may_see(topic, fields, key, subjects)

    assert parsed_audience(topic, fields, key, subjects, "") in {wanted, None}
