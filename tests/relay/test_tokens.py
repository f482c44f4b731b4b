"""Tokens in the relay's core: from a request to a badge, and to its end."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.relay.test_handshake import GOOD, PATH, RULES
from unionflow_access import Identity, InvalidToken, Refusal, UnknownKey
from unionflow_relay.core.access import Badge, Grant, Headers, Query, token_of
from unionflow_relay.core.badges import WARN_SECONDS, Badges
from unionflow_relay.core.desk import TokenDesk
from unionflow_relay.core.handshake import Accepted, Refused, Request, decide
from unionflow_relay.core.revocation import Revocations, Ruling
from unionflow_relay.errors import MalformedQuery, OrganizationNotAllowed, OtherUser

NOW = 1_800_000_000.0
V1 = {**GOOD, "sec-websocket-protocol": "unionflow.v1"}


class Verifier:
    """Knows some tokens by heart."""

    def __init__(self, **identities: Identity) -> None:
        self.identities = identities

    def check(self, token: str, now: float) -> Identity:
        assert now == NOW
        if token == "unknown":
            raise UnknownKey
        if not token:
            raise InvalidToken(Refusal.MISSING)
        if token not in self.identities:
            raise InvalidToken(Refusal.BAD_SIGNATURE)
        return self.identities[token]


def identity(user: str, *organizations: str, issued_at: float = NOW - 10) -> Identity:
    return Identity(user, frozenset(organizations), frozenset(), issued_at, NOW + 600)


AWA = identity("awa", "dakar", "abidjan")


def desk(revocations: Revocations | None = None, **identities: Identity) -> TokenDesk:
    if revocations is None:
        revocations = Revocations(86_430)
    return TokenDesk(Verifier(**{"awa": AWA, **identities}), revocations)


# Where the token is

PLACES: dict[str, tuple[dict[str, str], dict[str, list[str]], str]] = {
    "nowhere": ({}, {}, ""),
    "in the header": ({"authorization": "Bearer a.b.c"}, {}, "a.b.c"),
    "in the header, in small letters": ({"authorization": "bearer  a.b.c "}, {}, "a.b.c"),
    "in another scheme": ({"authorization": "Basic a.b.c"}, {}, ""),
    "in a header without a blank": ({"authorization": "Bearera.b.c"}, {}, ""),
    "among the subprotocols": (
        {"sec-websocket-protocol": "unionflow.v1, bearer.a.b.c"},
        {},
        "a.b.c",
    ),
    "in the query": ({}, {"access_token": ["a.b.c"]}, "a.b.c"),
    "in the header and the query": (
        {"authorization": "Bearer a"},
        {"access_token": ["b"]},
        "a",
    ),
    "in another scheme and the query": (
        {"authorization": "Basic a"},
        {"access_token": ["b"]},
        "b",
    ),
}


@pytest.mark.parametrize(("headers", "query", "token"), PLACES.values(), ids=PLACES.keys())
def test_a_token_is_found(headers: Headers, query: Query, token: str) -> None:
    assert token_of(headers, query) == token


# What it gives


def test_a_token_gives_its_user_and_its_organisations() -> None:
    granted = desk().grant({}, {"access_token": ["awa"]}, NOW)
    badge = Badge("awa", AWA.organizations, None, NOW - 10, NOW + 600)
    assert granted == Grant(AWA.organizations, "awa", badge=badge)


def test_a_request_may_ask_for_less_and_not_for_more() -> None:
    asked = {"access_token": ["awa"], "organization": ["dakar"]}
    assert desk().grant({}, asked, NOW).organizations == {"dakar"}
    with pytest.raises(OrganizationNotAllowed):
        desk().grant({}, {**asked, "organization": ["dakar", "cotonou"]}, NOW)
    with pytest.raises(MalformedQuery):
        desk().grant({}, {**asked, "organization": [""]}, NOW)


def test_what_was_revoked_since_the_token_was_issued_is_not_given() -> None:
    revocations = Revocations(86_430)
    revocations.take(Ruling("awa", "dakar", NOW - 5, suspended=True))
    granted = desk(revocations).grant({}, {"access_token": ["awa"]}, NOW)
    assert granted.organizations == {"abidjan"}
    assert granted.badge is not None
    assert granted.badge.organizations == AWA.organizations


@pytest.mark.parametrize(("behind", "taken"), [(-1, True), (0, False), (1, False)])
def test_a_token_from_before_what_is_known_of_revocations_is_refused(
    behind: float, taken: bool
) -> None:
    revocations = Revocations(86_430)
    revocations.refuse_up_to(AWA.issued_at + behind)
    if taken:
        assert desk(revocations).grant({}, {"access_token": ["awa"]}, NOW).user == "awa"
    else:
        with pytest.raises(InvalidToken) as refused:
            desk(revocations).grant({}, {"access_token": ["awa"]}, NOW)
        assert refused.value.reason is Refusal.TOO_OLD


def test_a_badge_is_renewed_by_the_same_user_s_token_alone() -> None:
    clerk = desk(new=identity("awa", "dakar", "cotonou"), binta=identity("binta", "dakar"))
    badge = Badge("awa", frozenset({"dakar"}), frozenset({"dakar"}), NOW - 10, NOW + 1)
    renewed = clerk.renew(badge, "new", NOW)
    assert renewed == Badge("awa", frozenset({"dakar"}), badge.chosen, NOW - 10, NOW + 600)
    with pytest.raises(OtherUser):
        clerk.renew(badge, "binta", NOW)
    with pytest.raises(InvalidToken):
        clerk.renew(badge, "forged", NOW)


# What the handshake answers


def asked(token: str, headers: Mapping[str, str], query: str = "") -> Accepted | Refused:
    clerk = desk()
    request = Request("GET", f"{PATH}?access_token={token}{query}", headers)
    return decide(request, RULES, lambda h, q: clerk.grant(h, q, NOW))


ANSWERS = {
    "a forged token": ("forged", "", 4401, 401),
    "no token": ("", "", 4401, 401),
    "an organisation outside the token": ("awa", "&organization=cotonou", 4403, 403),
}


@pytest.mark.parametrize(("token", "query", "code", "status"), ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_is_an_upgrade_and_a_close_code_for_v1_and_http_for_the_rest(
    token: str, query: str, code: int, status: int
) -> None:
    upgraded = asked(token, V1, query)
    assert isinstance(upgraded, Accepted)
    assert upgraded.close is not None
    assert (upgraded.close[0], upgraded.badge, upgraded.user) == (code, None, None)
    assert upgraded.view.organizations == frozenset()
    refused = asked(token, GOOD, query)
    assert isinstance(refused, Refused)
    assert refused.status == status
    assert (dict(refused.headers).get("WWW-Authenticate") is not None) == (status == 401)


def test_an_accepted_request_carries_its_badge() -> None:
    verdict = asked("awa", V1)
    assert isinstance(verdict, Accepted)
    assert verdict.badge is not None
    assert (verdict.user, verdict.view.organizations) == ("awa", AWA.organizations)


@pytest.mark.parametrize("headers", [V1, GOOD])
def test_a_key_that_is_not_known_yet_is_no_answer(headers: Mapping[str, str]) -> None:
    with pytest.raises(UnknownKey):
        asked("unknown", headers)


def test_a_request_that_is_wrong_anyway_is_told_so_before_its_token_is_looked_at() -> None:
    clerk = desk()
    request = Request("POST", f"{PATH}?access_token=unknown", GOOD)
    verdict = decide(request, RULES, lambda h, q: clerk.grant(h, q, NOW))
    assert isinstance(verdict, Refused)
    assert verdict.status == 405


# Until when


def badge(user: str, expires_at: float, issued_at: float = NOW) -> Badge:
    return Badge(user, frozenset(), None, issued_at, expires_at)


def test_a_badge_is_said_once_to_expire_and_once_to_have_expired() -> None:
    badges: Badges[str] = Badges()
    badges.hold("one", badge("awa", NOW + 100))
    assert badges.due(NOW + 39) == ([], [])
    assert badges.due(NOW + 100 - WARN_SECONDS) == (["one"], [])
    assert badges.due(NOW + 99.9) == ([], [])
    assert badges.due(NOW + 100) == ([], ["one"])
    assert badges.due(NOW + 10_000) == ([], [])


def test_a_badge_that_lasts_less_than_the_warning_is_said_at_once() -> None:
    badges: Badges[str] = Badges()
    badges.hold("one", badge("awa", NOW + 5))
    assert badges.due(NOW) == (["one"], [])


def test_a_renewed_badge_begins_anew_and_a_dropped_one_is_never_said() -> None:
    badges: Badges[str] = Badges()
    for member in ("kept", "renewed", "dropped"):
        badges.hold(member, badge("awa", NOW + 100))
    badges.hold("renewed", badge("awa", NOW + 1_000))
    badges.drop("dropped")
    badges.drop("dropped")
    assert badges.due(NOW + 500) == ([], ["kept"])
    assert badges.of_user("awa") == ("kept", "renewed")
    assert badges.of("dropped") is None


def test_a_clock_that_leaps_says_everything_once() -> None:
    badges: Badges[int] = Badges()
    for member in range(100):
        badges.hold(member, badge(f"user-{member}", NOW + member))
    assert sorted(badges.due(NOW + 10**8)[1]) == list(range(100))


def test_tokens_of_before_a_moment_are_found() -> None:
    badges: Badges[str] = Badges()
    badges.hold("old", badge("awa", NOW + 100, issued_at=NOW - 50))
    badges.hold("new", badge("awa", NOW + 100, issued_at=NOW - 10))
    assert badges.issued_up_to(NOW - 20) == ["old"]


@settings(deadline=None)
@given(st.integers(), st.lists(st.sampled_from(["hold", "drop", "due"]), max_size=60))
def test_badges_agree_with_a_naive_model(seed: int, steps: list[str]) -> None:
    rng = random.Random(seed)
    badges: Badges[int] = Badges()
    model: dict[int, Badge] = {}
    warned: set[int] = set()
    now = NOW
    for step in steps:
        member = rng.randrange(6)
        if step == "hold":
            ends = now + rng.choice([1, 30, 61, 200])
            user = model[member].user if member in model else rng.choice(["awa", "binta"])
            model[member] = badge(user, ends)
            warned.discard(member)
            badges.hold(member, model[member])
        elif step == "drop":
            model.pop(member, None)
            warned.discard(member)
            badges.drop(member)
        else:
            now += rng.choice([1, 10, 70])
            over = {m for m, b in model.items() if b.expires_at <= now}
            soon = {
                m
                for m, b in model.items()
                if m not in over | warned and b.expires_at - WARN_SECONDS <= now
            }
            expiring, expired = badges.due(now)
            assert (set(expiring), set(expired)) == (soon, over)
            warned |= soon
            for gone in over:
                del model[gone]
                warned.discard(gone)
                badges.drop(gone)
        for user in ("awa", "binta"):
            assert set(badges.of_user(user)) == {m for m, b in model.items() if b.user == user}
