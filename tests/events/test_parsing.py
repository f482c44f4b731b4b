from typing import Any

import orjson
import pytest

from tests.events.samples import (
    APPROVALS,
    MEMBERS,
    MOMENT,
    NOTIFICATIONS,
    POSITION,
    approval,
    record,
)
from unionflow_events import EVERYONE, Audience, Event, Rejected, Scope, parse

DAKAR = Audience(Scope.ORGANIZATION, "mutuelle-dakar")
FOREIGN = {"eventType": "APPROVAL_PENDING", "data": {"id": "a-1"}}


def parsed(value: Any, **changes: Any) -> Event:
    event = parse(record(value, **changes))
    assert isinstance(event, Event), event
    return event


class TestOurOwnRecords:
    def test_a_record_of_our_publisher_is_the_event_that_was_published(self) -> None:
        event = approval()

        assert parse(record(event.encoded)) == event

    def test_its_value_goes_to_the_clients_as_it_is_and_is_not_copied(self) -> None:
        event = approval()

        assert parsed(event.encoded).encoded is event.encoded

    def test_an_event_of_one_user_is_that_users_alone(self) -> None:
        event = approval(user_id="user-17")

        assert parsed(event.encoded).audience == Audience(Scope.USER, "user-17")

    def test_a_broadcast_to_everyone_reaches_everyone(self) -> None:
        event = approval(event_type="BROADCAST_NOTIFICATION", organization_id=None)

        assert parsed(event.encoded, topic=NOTIFICATIONS).audience == EVERYONE


class TestForeignRecords:
    def test_event_type_and_data_are_enough_beside_a_key(self) -> None:
        event = parsed(FOREIGN, key=b"mutuelle-dakar")

        assert orjson.loads(event.encoded) == {
            "id": POSITION,
            "eventType": "APPROVAL_PENDING",
            "timestamp": MOMENT,
            "organizationId": "mutuelle-dakar",
            "data": {"id": "a-1"},
        }
        assert event.audience == DAKAR

    def test_an_unknown_type_is_an_event_like_any_other(self) -> None:
        event = parsed({"eventType": "LUNCH", "organizationId": "o", "data": {}})

        assert event.event_type == "LUNCH"

    def test_further_fields_are_kept(self) -> None:
        event = parsed({**FOREIGN, "organizationId": "o", "version": 2})

        assert orjson.loads(event.encoded)["version"] == 2

    def test_a_user_of_null_is_left_out_of_what_clients_get(self) -> None:
        event = parsed({**FOREIGN, "organizationId": "o", "userId": None})

        assert event.user_id is None
        assert b"userId" not in event.encoded

    def test_spaces_and_lines_do_not_reach_the_clients(self) -> None:
        value = orjson.dumps({**FOREIGN, "organizationId": "o"}, option=orjson.OPT_INDENT_2)

        assert b"\n" not in parsed(value).encoded

    def test_a_time_with_an_offset_is_brought_to_utc(self) -> None:
        event = parsed({**FOREIGN, "organizationId": "o", "timestamp": "2026-11-24T11:00:00+01:00"})

        assert event.timestamp == "2026-11-24T10:00:00.000Z"

    def test_a_record_without_any_time_is_of_1970(self) -> None:
        assert parsed(FOREIGN, key=b"o", timestamp_ms=-1).timestamp == "1970-01-01T00:00:00.000Z"

    def test_a_topic_that_the_catalogue_does_not_have_is_read_too(self) -> None:
        assert parsed(FOREIGN, key=b"mutuelle-dakar", topic="audit").audience == DAKAR


class TestCloudEvents:
    HEADERS = (
        ("ce_specversion", b"1.0"),
        ("ce_type", b"MEMBER_CREATED"),
        ("ce_source", b"/registry"),
        ("ce_id", b"17"),
        ("ce_time", b"2026-11-24T10:00:00.5Z"),
        ("ce_subject", b"mutuelle-dakar"),
    )

    def test_a_payload_alone_is_an_event_by_its_headers(self) -> None:
        payload = {"id": "m-1", "timestamp": "yesterday", "name": "Awa"}

        event = parsed(payload, topic=MEMBERS, headers=self.HEADERS)

        assert orjson.loads(event.encoded) == {
            "id": "/registry#17",
            "eventType": "MEMBER_CREATED",
            "timestamp": "2026-11-24T10:00:00.500Z",
            "organizationId": "mutuelle-dakar",
            "data": payload,
        }

    def test_headers_fill_what_an_envelope_leaves_out(self) -> None:
        event = parsed(FOREIGN, headers=self.HEADERS)

        assert (event.id, event.event_type, event.timestamp, event.audience) == (
            "/registry#17",
            "APPROVAL_PENDING",
            "2026-11-24T10:00:00.500Z",
            DAKAR,
        )

    def test_an_envelopes_own_fields_win_over_headers(self) -> None:
        own = approval()

        assert parsed(own.encoded, headers=self.HEADERS) == own

    def test_the_key_wins_over_the_subject(self) -> None:
        event = parsed(FOREIGN, key=b"mutuelle-cotonou", headers=self.HEADERS)

        assert event.organization_id == "mutuelle-cotonou"

    @pytest.mark.parametrize(
        "headers",
        [
            (("ce_id", b"17"),),
            (("ce_id", b"17"), ("ce_source", b"")),
            (("ce_id", b"17"), ("ce_source", b"\xff")),
            (("ce_id", b"17"), ("ce_source", b"s" * 254)),
            (("ce_id", b"17"), ("ce_id", b"18"), ("ce_source", b"s")),
            (("ce_id", None), ("ce_source", b"s")),
        ],
    )
    def test_where_the_headers_give_no_id_it_is_the_position(self, headers: Any) -> None:
        assert parsed(FOREIGN, key=b"o", headers=headers).id == POSITION

    def test_where_the_header_gives_no_time_it_is_the_records(self) -> None:
        headers = (("ce_time", b"yesterday"),)

        assert parsed(FOREIGN, key=b"o", headers=headers).timestamp == MOMENT

    def test_a_payloads_own_user_is_the_one_who_gets_it(self) -> None:
        event = parsed({"userId": "user-17"}, headers=self.HEADERS)

        assert event.audience == Audience(Scope.USER, "user-17")


BROADCAST = {"eventType": "BROADCAST_NOTIFICATION", "data": {}}
NOTE = {"eventType": "USER_NOTIFICATION", "data": {}}

# what is special, topic, fields, key, audience (None: nobody)
AUDIENCES: list[tuple[str, str, dict[str, Any], bytes | None, Audience | None]] = [
    ("the field before the key", APPROVALS, {**FOREIGN, "organizationId": "mutuelle-dakar"},
     b"other", DAKAR),
    ("a user before the organisation", APPROVALS,
     {**FOREIGN, "organizationId": "o", "userId": "u"}, b"o", Audience(Scope.USER, "u")),
    ("nothing says whose it is", APPROVALS, FOREIGN, None, None),
    ("null is not absent", APPROVALS, {**FOREIGN, "organizationId": None}, b"o", None),
    ("a broadcast for everyone", NOTIFICATIONS, BROADCAST, None, EVERYONE),
    ("a broadcast for everyone, said so", NOTIFICATIONS, {**BROADCAST, "organizationId": None},
     b"o", EVERYONE),
    ("a broadcast for its key", NOTIFICATIONS, BROADCAST, b"mutuelle-dakar", DAKAR),
    ("a broadcast on another topic", APPROVALS, BROADCAST, None, None),
    ("a broadcast on another topic, for its organisation", APPROVALS,
     {**BROADCAST, "organizationId": "mutuelle-dakar"}, None, DAKAR),
    ("an unknown type on the broadcasts' topic", NOTIFICATIONS, {**BROADCAST, "eventType": "X"},
     None, None),
    ("a user's notification by its key", NOTIFICATIONS, NOTE, b"user-17", None),
    ("a user's notification of an organisation", NOTIFICATIONS, {**NOTE, "organizationId": "o"},
     b"user-17", None),
    ("a user's notification", NOTIFICATIONS, {**NOTE, "userId": "u"}, b"o",
     Audience(Scope.USER, "u")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "fields", "key", "audience"),
    [c[1:] for c in AUDIENCES],
    ids=[c[0] for c in AUDIENCES],
)
def test_an_event_reaches_its_audience_and_nobody_else(
    topic: str, fields: dict[str, Any], key: bytes | None, audience: Audience | None
) -> None:
    result = parse(record(fields, topic=topic, key=key))

    got = result.audience if isinstance(result, Event) else result.reason.value
    assert got == (audience or "no_audience")


def rejected(value: Any, **changes: Any) -> Rejected:
    result = parse(record(value, **changes))
    assert isinstance(result, Rejected), result
    return result


@pytest.mark.parametrize("key", [b"", b"\xff", b"\x00\x00\x00\xff", b"k" * 257, "é".encode() * 257])
def test_a_key_that_cannot_be_read_does_not_make_a_broadcast_one_to_everyone(key: bytes) -> None:
    assert rejected(BROADCAST, topic=NOTIFICATIONS, key=key).reason == "bad_field"


@pytest.mark.parametrize("key", [None, b"user-17", b"\xff"])
def test_the_key_of_a_users_notification_is_never_an_organization(key: bytes | None) -> None:
    assert rejected(NOTE, topic=NOTIFICATIONS, key=key).reason == "no_audience"


@pytest.mark.parametrize("subject", [b"", b"\xff", b"k" * 257, None])
def test_a_subject_that_cannot_be_read_does_not_either(subject: Any) -> None:
    headers = (("ce_subject", subject),)

    assert rejected(BROADCAST, topic=NOTIFICATIONS, headers=headers).reason == "bad_field"


def test_two_subjects_do_not_either() -> None:
    headers = (("ce_subject", b"a"), ("ce_subject", b"b"))

    assert rejected(BROADCAST, topic=NOTIFICATIONS, headers=headers).reason == "bad_field"


def test_a_record_is_measured_before_it_is_read() -> None:
    result = parse(record(b"no JSON!"), max_bytes=7)

    assert isinstance(result, Rejected)
    assert (result.reason, result.detail) == ("too_large", "8 bytes; the most are 7")
