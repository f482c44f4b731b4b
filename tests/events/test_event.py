import re
from typing import Any

import orjson
import pytest

from tests.events.samples import MOMENT, approval
from unionflow_events import (
    EVERYONE,
    MAX_RECORD_BYTES,
    Audience,
    EventType,
    InvalidPayload,
    Scope,
)


def test_an_event_is_written_in_the_wires_order_with_all_its_fields() -> None:
    event = approval(data={"id": "a-1", "amount": "10.00"})

    assert event.encoded.decode() == (
        '{"id":"019ab5e1-0e9b-7c4a-8a51-7e1d5f0b9c3d","eventType":"APPROVAL_PENDING",'
        f'"timestamp":"{MOMENT}","organizationId":"mutuelle-dakar",'
        '"data":{"id":"a-1","amount":"10.00"}}'
    )


def test_an_event_of_one_user_is_that_users_alone_and_says_so() -> None:
    event = approval(user_id="user-17")

    assert orjson.loads(event.encoded)["userId"] == "user-17"
    assert event.audience == Audience(Scope.USER, "user-17")
    assert event.key == b"mutuelle-dakar", "it keeps its place among the organisation's events"


def test_a_broadcast_to_everyone_has_no_key_and_null_as_its_organization() -> None:
    event = approval(event_type="BROADCAST_NOTIFICATION", organization_id=None)

    assert (event.key, event.audience) == (None, EVERYONE)
    assert orjson.loads(event.encoded)["organizationId"] is None


def test_changing_the_payload_afterwards_does_not_change_the_event() -> None:
    payload = {"items": [1]}
    event = approval(data=payload)

    payload["items"].append(2)

    assert event.data == {"items": [1]}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown type", {"event_type": "LUNCH"}, "eventType: is not in the catalogue"),
    ("no organisation", {"organization_id": None}, "organizationId: APPROVAL_PENDING needs one"),
    (
        "a user in the organisation's place",
        {"organization_id": None, "user_id": "u"},
        "organizationId: APPROVAL_PENDING needs one",
    ),
    (
        "no user for a user's notification",
        {"event_type": EventType.USER_NOTIFICATION},
        "userId: USER_NOTIFICATION needs one",
    ),
    ("an empty id", {"organization_id": ""}, "organizationId: has 0 characters"),
    ("a long id", {"user_id": "u" * 257}, "userId: has 257 characters; an id has 1 to 256"),
    ("an id of another type", {"id": 5}, "id: int is no string"),
    ("an id no UTF-8 can write", {"user_id": "\udcff"}, "userId: has a lone surrogate"),
    ("a payload that is a list", {"data": [1]}, "data: list is no JSON object; pass a dict"),
    ("a payload with a set inside", {"data": {"a": {1}}}, "data.a: set is no JSON"),
    (
        "a payload that is too large",
        {"data": {"a": "x" * MAX_RECORD_BYTES}},
        "data: makes an event of 1,000,165 bytes; 1,000,000 are the most",
    ),
]


@pytest.mark.parametrize(
    ("changes", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_an_event_that_may_not_be_is_refused_with_the_path(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidPayload, match=re.escape(message)):
        approval(**changes)
