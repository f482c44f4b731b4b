"""Claims in, an identity or a named refusal out."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.issuer import NOW, claims
from unionflow_access import Identity, InvalidRules, InvalidToken, Refusal, TokenRules, identify

RULES = TokenRules()
STRICT = TokenRules(issuer="https://id.example", audience="unionflow")
GOOD_STRICT = {"iss": "https://id.example", "aud": ["account", "unionflow"]}


def refusal(rules: TokenRules = RULES, now: float = NOW, **changes: Any) -> Refusal | None:
    try:
        identify(claims(**changes), rules, now)
    except InvalidToken as error:
        return error.reason
    return None


def test_good_claims_say_who_the_bearer_is_and_until_when() -> None:
    identity = identify(claims(roles=["member"]), RULES, NOW)
    assert identity == Identity(
        "awa", frozenset({"mutuelle-dakar"}), frozenset({"member"}), NOW - 10, NOW + 3600
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sub": ...}, Refusal.BAD_SUBJECT),
        ({"sub": ""}, Refusal.BAD_SUBJECT),
        ({"sub": "x" * 257}, Refusal.BAD_SUBJECT),
        ({"sub": 17}, Refusal.BAD_SUBJECT),
        ({"sub": ["awa"]}, Refusal.BAD_SUBJECT),
        ({"iat": ...}, Refusal.NO_ISSUE_TIME),
        ({"exp": ...}, Refusal.NO_EXPIRY),
        ({"iat": None}, Refusal.NO_ISSUE_TIME),
        ({"iat": "1800000000"}, Refusal.BAD_TIME),
        ({"exp": True}, Refusal.BAD_TIME),
        ({"exp": float("inf")}, Refusal.BAD_TIME),
        ({"exp": float("nan")}, Refusal.BAD_TIME),
        ({"exp": 10**400}, Refusal.BAD_TIME),
        ({"iat": -1}, Refusal.BAD_TIME),
        ({"nbf": {}}, Refusal.BAD_TIME),
        ({"exp": NOW - 30}, Refusal.EXPIRED),
        ({"exp": NOW - 29}, None),
        ({"nbf": NOW + 31}, Refusal.NOT_YET_VALID),
        ({"nbf": NOW + 30}, None),
        ({"iat": NOW + 31}, Refusal.NOT_YET_VALID),
        ({"iat": NOW + 30}, None),
        ({"iat": NOW - 86_430}, Refusal.TOO_OLD),
        ({"iat": NOW - 86_429}, None),
        ({"organizations": "mutuelle-dakar"}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": {"mutuelle-dakar": {}}}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": ["mutuelle-dakar", 1]}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": [""]}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": ["x" * 257]}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": [f"org-{n}" for n in range(257)]}, Refusal.BAD_ORGANIZATIONS),
        ({"organizations": [f"org-{n}" for n in range(256)]}, None),
        ({"organizations": ...}, None),
        ({"roles": [["member"]]}, Refusal.BAD_ROLES),
    ],
)
def test_each_claim_has_its_refusal(changes: dict[str, Any], expected: Refusal | None) -> None:
    assert refusal(**changes) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"aud": "unionflow"}, None),
        ({"iss": ...}, Refusal.WRONG_ISSUER),
        ({"iss": "https://id.example/"}, Refusal.WRONG_ISSUER),
        ({"iss": ["https://id.example"]}, Refusal.WRONG_ISSUER),
        ({"aud": ...}, Refusal.WRONG_AUDIENCE),
        ({"aud": "unionflow-admin"}, Refusal.WRONG_AUDIENCE),
        ({"aud": ["account"]}, Refusal.WRONG_AUDIENCE),
        ({"aud": {"unionflow": 1}}, Refusal.WRONG_AUDIENCE),
    ],
)
def test_issuer_and_audience_are_held_to_the_rules(
    changes: dict[str, Any], expected: Refusal | None
) -> None:
    assert refusal(STRICT, **{**GOOD_STRICT, **changes}) is expected


def test_a_token_ends_with_its_longest_life_whatever_its_expiry() -> None:
    identity = identify(claims(exp=NOW + 10**6), TokenRules(max_age_seconds=600), NOW)
    assert identity.expires_at == NOW - 10 + 600


def test_a_token_taken_within_the_leeway_ends_with_the_leeway() -> None:
    assert identify(claims(exp=NOW - 10), RULES, NOW).expires_at == NOW + 20


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["treasurer"]}}),
        ("https://mutuelle.example/roles", {"https://mutuelle.example/roles": ["treasurer"]}),
        ("groups", {"groups": ["treasurer"]}),
    ],
)
def test_a_claim_is_found_by_its_name_or_by_a_path(path: str, body: dict[str, Any]) -> None:
    identity = identify(claims(**body), TokenRules(roles_claim=path), NOW)
    assert identity.roles == {"treasurer"}


def test_a_path_through_what_is_no_object_finds_nothing() -> None:
    rules = TokenRules(organizations_claim="a.b.c")
    assert identify(claims(a={"b": ["c"]}), rules, NOW).organizations == frozenset()


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b"])
def test_an_empty_part_is_no_path(path: str) -> None:
    with pytest.raises(InvalidRules):
        TokenRules(organizations_claim=path)


@pytest.mark.parametrize("changes", [{"max_age_seconds": 0}, {"leeway_seconds": -1}])
def test_numbers_out_of_range_are_no_rules(changes: dict[str, int]) -> None:
    with pytest.raises(InvalidRules):
        TokenRules(**changes)  # type: ignore[arg-type]  # these are the integer ones


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["sub", "iat", "exp", "nbf", "iss", "aud", "organizations", "roles"])


@settings(deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_whatever_the_claims_they_are_taken_or_refused_by_name(changes: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidToken):
        identity = identify({**claims(), **GOOD_STRICT, **changes}, STRICT, NOW)
        assert identity.expires_at > NOW
        assert identity.issued_at <= NOW + 30
