"""What the members topic takes from a user, against every order of words and tokens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_events import Event, Record, Rejected, parse, rfc3339
from unionflow_relay.core.coverage import Kept, Retention, covered_since
from unionflow_relay.core.revocation import MEMBERS_TOPIC, Revocations, Ruling, ruling_of, users_of

T = 1_800_000_000.0
ORGANIZATIONS = frozenset({"dakar", "abidjan"})


def suspension(moment: float = T, user: str = "awa", organization: str = "dakar") -> Ruling:
    return Ruling(user, organization, moment, suspended=True)


def active(moment: float = T, user: str = "awa", organization: str = "dakar") -> Ruling:
    return Ruling(user, organization, moment, suspended=False)


def left(*rulings: Ruling, issued_at: float = T - 100, user: str = "awa") -> frozenset[str]:
    revocations = Revocations(86_430)
    for ruling in rulings:
        revocations.take(ruling)
    return revocations.without_revoked(user, ORGANIZATIONS, issued_at)


# The newest word

WORDS: dict[str, tuple[list[Ruling], float, bool]] = {
    "nothing": ([], T - 100, True),
    "a suspension": ([suspension()], T - 100, False),
    "a suspension in the second of the token": ([suspension()], T, False),
    "a token after the suspension": ([suspension()], T + 0.001, True),
    "ACTIVE after the suspension": ([suspension(T), active(T + 1)], T - 100, True),
    "ACTIVE before it, read after it": ([suspension(T), active(T - 1)], T - 100, False),
    "ACTIVE after it, read before it": ([active(T + 1), suspension(T)], T - 100, True),
    "ACTIVE of the same moment, said last": ([suspension(T), active(T)], T - 100, True),
    "a suspension of the same moment, said last": ([active(T), suspension(T)], T - 100, False),
    "suspended, restored, suspended": (
        [suspension(T), active(T + 1), suspension(T + 2)],
        T - 100,
        False,
    ),
    "a token between ACTIVE and a suspension": ([active(T), suspension(T + 9)], T + 5, False),
    "somebody else's suspension": ([suspension(user="binta")], T - 100, True),
    "a suspension elsewhere": ([suspension(organization="cotonou")], T - 100, True),
}


@pytest.mark.parametrize(("rulings", "issued_at", "member"), WORDS.values(), ids=WORDS.keys())
def test_the_newest_word_wins(rulings: list[Ruling], issued_at: float, member: bool) -> None:
    expected = ORGANIZATIONS if member else {"abidjan"}
    assert left(*rulings, issued_at=issued_at) == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=8, unique_by=lambda r: r[0]),
    st.integers(0, 20),
    st.randoms(),
)
def test_the_order_of_reading_does_not_matter(
    words: list[tuple[int, bool]], issued_at: int, rng: object
) -> None:
    rulings = [Ruling("awa", "dakar", moment, suspended) for moment, suspended in words]
    newest = max(words, default=(-1, False))
    rng.shuffle(rulings)  # type: ignore[attr-defined]  # it is a random.Random
    suspended = newest[1] and issued_at <= newest[0]
    assert ("dakar" not in left(*rulings, issued_at=issued_at)) == suspended


def test_what_no_token_can_be_as_old_as_is_forgotten() -> None:
    revocations = Revocations(100)
    revocations.take(suspension(T))
    revocations.take(active(T, user="binta"))
    revocations.on_second(T + 100)
    assert len(revocations) == 2
    revocations.on_second(T + 101)
    assert len(revocations) == 0
    assert revocations.floor == 0


def test_too_many_suspensions_push_out_the_oldest_and_the_tokens_it_may_concern() -> None:
    revocations = Revocations(86_430, limit=3)
    for number in range(5):
        revocations.take(suspension(T + number, user=f"user-{number}"))
    assert len(revocations) == 3
    assert revocations.floor == T + 1


def test_a_suspension_that_was_replaced_pushes_nobody_out() -> None:
    revocations = Revocations(86_430, limit=3)
    for number in range(10):
        revocations.take(suspension(T + number))
    assert (len(revocations), revocations.floor) == (1, 0)
    assert revocations.without_revoked("awa", ORGANIZATIONS, T + 5) == {"abidjan"}


def test_restorations_are_few_and_cost_nobody_a_token() -> None:
    revocations = Revocations(86_430, limit=3)
    for number in range(50):
        revocations.take(active(T + number, user=f"user-{number}"))
    assert (len(revocations), revocations.floor) == (3, 0)


def test_users_are_said_once() -> None:
    assert list(users_of([suspension(), active(), suspension(user="binta")])) == ["awa", "binta"]


# Its record


def event(
    status: object = "SUSPENDED",
    event_type: str = "MEMBER_UPDATED",
    timestamp: str = rfc3339(int(T * 1000)),
    user: object = "awa",
    organization: str | None = "dakar",
) -> Event:
    data = {"id": "m1", "userId": user, "status": status}
    body = {
        "id": "e1",
        "eventType": event_type,
        "timestamp": timestamp,
        "organizationId": organization,
        "data": {name: value for name, value in data.items() if value is not ...},
    }
    record = Record(MEMBERS_TOPIC, "p", int(T * 1000), b"dakar", json.dumps(body).encode())
    parsed = parse(record)
    assert not isinstance(parsed, Rejected), parsed
    return parsed


RECORD_MS = int(T * 1000) + 5_000
RULINGS: dict[str, tuple[Event, Ruling | None]] = {
    "a suspension": (event(), suspension()),
    "an exclusion": (event("EXCLUDED"), suspension()),
    "ACTIVE": (event("ACTIVE"), active()),
    "active in small letters": (event("active"), suspension()),
    "a status that is no text": (event(0), suspension()),
    "no status": (event(...), None),
    "a null status": (event(None), None),
    "no user": (event(user=...), None),
    "an empty user": (event(user=""), None),
    "a user by number": (event(user=17), suspension(user="17")),
    "a user that is no name": (event(user=["awa"]), None),
    "a member who was created": (event(event_type="MEMBER_CREATED"), None),
    "an event from next year": (
        event(timestamp="2028-01-15T08:00:00.000Z"),
        suspension(RECORD_MS / 1000),
    ),
}


@pytest.mark.parametrize(("said", "ruling"), RULINGS.values(), ids=RULINGS.keys())
def test_a_record_says(said: Event, ruling: Ruling | None) -> None:
    assert ruling_of(said, RECORD_MS) == ruling


def test_a_record_without_a_time_leaves_the_event_s_own() -> None:
    assert ruling_of(event(), -1) == suspension()


# How far back

DAY = 86_400_000
NOW_MS = int(T * 1000)
SINCE = NOW_MS - DAY
WEEK = Retention(7 * DAY, -1)
KEPT: dict[str, tuple[Kept, Retention, int]] = {
    "whole and empty": (Kept(0, 0, None, None), WEEK, SINCE),
    "whole": (Kept(0, 9, 0, NOW_MS - 50), WEEK, SINCE),
    "cut, with older records than matter": (Kept(5, 9, 7, SINCE - 50), WEEK, SINCE),
    "cut, with nothing but older records": (Kept(5, 9, None, SINCE - 50), WEEK, SINCE),
    "cut within the time": (Kept(5, 9, 5, NOW_MS - 50), WEEK, NOW_MS - 50),
    "emptied by a retention that is long enough": (Kept(9, 9, None, None), WEEK, SINCE),
    "emptied, and never by time": (Kept(9, 9, None, None), Retention(-1, -1), SINCE),
    "emptied by a short retention": (
        Kept(9, 9, None, None),
        Retention(3_600_000, -1),
        NOW_MS - 3_600_000,
    ),
    "emptied, perhaps by its size": (Kept(9, 9, None, None), Retention(7 * DAY, 1_000), NOW_MS),
    "emptied, and nobody says why": (Kept(9, 9, None, None), Retention(None, None), NOW_MS),
    "left with markers alone": (Kept(8, 9, None, None), WEEK, SINCE),
}


@pytest.mark.parametrize(("kept", "retention", "covered"), KEPT.values(), ids=KEPT.keys())
def test_a_partition_reaches_back(kept: Kept, retention: Retention, covered: int) -> None:
    assert covered_since(kept, retention, SINCE, NOW_MS) == covered
