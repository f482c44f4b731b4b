"""Signatures, and everything that a hostile token tries instead of one."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.issuer import NOW, SECRET, claims, document, encoded, signing_key
from unionflow_access import (
    InvalidRules,
    InvalidToken,
    KeySet,
    Refusal,
    TokenRules,
    TokenVerifier,
    UnknownKey,
)
from unionflow_access.adapters.keys import read_key_set

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
RS256 = signing_key("RS256")
ES256 = signing_key("ES256")
RULES = TokenRules()


class Published:
    """Keys that do not change by themselves."""

    def __init__(self, *keys: Any, refreshable: bool = False) -> None:
        self.keys: KeySet = read_key_set(document(*keys))
        self.refreshable = refreshable


ALL = Published(*map(signing_key, ALGORITHMS))


def verifier(published: Published | None = ALL, secret: bytes | None = None) -> TokenVerifier:
    return TokenVerifier(RULES, keys=published, secret=secret)


def refusal(token: str, by: TokenVerifier | None = None, now: float = NOW) -> Refusal | None:
    try:
        (by or verifier(secret=SECRET)).check(token, now)
    except InvalidToken as error:
        return error.reason
    return None


def forged(header: dict[str, Any] | bytes, signature: bytes = b"x", **changes: Any) -> str:
    return f"{encoded(header)}.{encoded(claims(**changes))}.{encoded(signature)}"


def hmac_token(key: bytes, **header: Any) -> str:
    signing_input = f"{encoded({'alg': 'HS256', **header})}.{encoded(claims())}"
    signature = hmac.digest(key, signing_input.encode(), hashlib.sha256)
    return f"{signing_input}.{encoded(signature)}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_a_published_key_says_who_its_bearer_is(algorithm: str) -> None:
    assert verifier().check(signing_key(algorithm).token(), NOW).user == "awa"


def test_a_token_of_the_secret_says_who_its_bearer_is() -> None:
    by = verifier(None, SECRET)
    assert by.check(jwt.encode(claims(), SECRET, "HS256"), NOW).user == "awa"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_that_was_changed_is_refused(algorithm: str) -> None:
    head, _payload, signature = signing_key(algorithm).token().split(".")
    changed = f"{head}.{encoded(claims(organizations=['mutuelle-abidjan']))}.{signature}"
    assert refusal(changed) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_another_key_by_the_same_name_is_refused(algorithm: str) -> None:
    other = signing_key(algorithm, "another")
    token = other.token(headers={"kid": f"{algorithm}-1"})
    assert refusal(token) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(name: str) -> None:
    assert refusal(forged({"alg": name})) is Refusal.WRONG_ALGORITHM
    head, payload, _signature = forged({"alg": name}).split(".")
    assert refusal(f"{head}.{payload}.") is Refusal.MALFORMED
    assert refusal(f"{head}.{payload}") is Refusal.MALFORMED


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_public_key_is_no_secret(algorithm: str) -> None:
    public = signing_key(algorithm).private.public_key()
    for key in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        document(signing_key(algorithm)),
        b"",
    ):
        token = hmac_token(key, kid=f"{algorithm}-1")
        assert refusal(token, verifier()) is Refusal.WRONG_ALGORITHM
        assert refusal(token) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize(
    "claimed", ["RS384", "RS512", "ES384", "ES512", "ES256K", "HS512", "EdDSA"]
)
def test_a_key_is_used_with_its_own_algorithm_alone(claimed: str) -> None:
    head = {"alg": claimed, "kid": "RS256-1"}
    assert refusal(forged(head)) is Refusal.WRONG_ALGORITHM


def test_a_key_that_states_its_algorithm_takes_no_other_of_its_kind() -> None:
    token = jwt.encode(claims(), RS256.private, "PS256", headers={"kid": "RS256-1"})
    assert refusal(token) is Refusal.WRONG_ALGORITHM


def test_a_key_that_states_no_algorithm_takes_those_of_its_kind() -> None:
    published = Published()
    entry = RS256.published()
    del entry["alg"]
    published.keys = read_key_set(json.dumps({"keys": [entry]}).encode())
    for algorithm in ("RS256", "PS256"):
        token = jwt.encode(claims(), RS256.private, algorithm, headers={"kid": "RS256-1"})
        assert refusal(token, verifier(published)) is None


def test_the_secret_is_asked_only_where_one_is_configured() -> None:
    token = jwt.encode(claims(), SECRET, "HS256")
    assert refusal(token, verifier()) is Refusal.WRONG_ALGORITHM
    assert refusal(RS256.token(), verifier(None, SECRET)) is Refusal.WRONG_ALGORITHM


@pytest.mark.parametrize("secret", [None, b""])
def test_a_verifier_without_any_key_cannot_be_made(secret: bytes | None) -> None:
    with pytest.raises(InvalidRules):
        verifier(None, secret)


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": signing_key("RS256", "mallory").published()},
        {"jku": "https://mallory.example/certs"},
        {"x5u": "https://mallory.example/cert"},
        {"x5c": ["MIIB"]},
    ],
)
def test_a_key_that_a_token_brings_along_is_nothing(header: dict[str, Any]) -> None:
    mallory = signing_key("RS256", "mallory")
    assert refusal(mallory.token(headers=header)) is Refusal.UNKNOWN_KEY
    assert refusal(mallory.token(headers={**header, "kid": "RS256-1"})) is Refusal.BAD_SIGNATURE
    assert refusal(RS256.token(headers=header)) is None


@pytest.mark.parametrize(
    ("key_id", "expected"),
    [
        ("../../../../dev/null", Refusal.UNKNOWN_KEY),
        ("' UNION SELECT 'x", Refusal.UNKNOWN_KEY),
        ("", Refusal.UNKNOWN_KEY),
        ("rs256-1", Refusal.UNKNOWN_KEY),
        ("ES256-1", Refusal.WRONG_ALGORITHM),
        ("x" * 257, Refusal.MALFORMED),
        (1, Refusal.MALFORMED),
        (["RS256-1"], Refusal.MALFORMED),
        ({"RS256-1": 1}, Refusal.MALFORMED),
    ],
)
def test_a_key_id_names_a_key_and_nothing_else(key_id: Any, expected: Refusal) -> None:
    assert refusal(forged({"alg": "RS256", "kid": key_id})) is expected


def test_a_token_without_a_key_id_is_taken_where_one_key_can_be_meant() -> None:
    token = jwt.encode(claims(), ES256.private, "ES256")
    assert refusal(token) is None
    two = Published(ES256, signing_key("ES256", "ES256-2"))
    assert refusal(token, verifier(two)) is Refusal.NO_KEY_ID


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"alg": "RS256", "kid": "RS256-1", "crit": ["exp"]}, Refusal.UNSUPPORTED),
        ({"alg": "RS256", "kid": "RS256-1", "crit": ["b64"], "b64": False}, Refusal.UNSUPPORTED),
        ({"alg": "RS256", "kid": "RS256-1", "b64": False}, Refusal.UNSUPPORTED),
        ({"alg": "RS256", "kid": "RS256-1", "typ": "logout+jwt"}, Refusal.UNSUPPORTED),
        ({"alg": "RS256", "kid": "RS256-1", "typ": 1}, Refusal.UNSUPPORTED),
        ({"kid": "RS256-1"}, Refusal.WRONG_ALGORITHM),
        ({"alg": ["RS256"], "kid": "RS256-1"}, Refusal.WRONG_ALGORITHM),
        (b"null", Refusal.MALFORMED),
        (b"[]", Refusal.MALFORMED),
        (b'"RS256"', Refusal.MALFORMED),
        (b"", Refusal.MALFORMED),
        (b"{", Refusal.MALFORMED),
        (b"\xff", Refusal.MALFORMED),
        (b'{"alg":"\\ud800"}', Refusal.MALFORMED),
        (b'{"alg":NaN}', Refusal.MALFORMED),
        (b"[" * 5_000, Refusal.MALFORMED),
        (b'{"a":' * 1_100 + b"1" + b"}" * 1_100, Refusal.TOO_LARGE),
        (b'{"a":' * 900, Refusal.MALFORMED),
    ],
)
def test_a_header_that_cannot_be_taken_has_its_refusal(header: Any, expected: Refusal) -> None:
    assert refusal(forged(header)) is expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", Refusal.MISSING),
        ("x", Refusal.MALFORMED),
        ("..", Refusal.MALFORMED),
        ("a.b.c.d.e", Refusal.MALFORMED),
        (RS256.token() + "\n", Refusal.MALFORMED),
        (" " + RS256.token(), Refusal.MALFORMED),
        (RS256.token() + "=", Refusal.MALFORMED),
        (RS256.token().replace(".", "\u2024"), Refusal.MALFORMED),
        ("\ud800", Refusal.MALFORMED),
        ("a" * 8_193, Refusal.TOO_LARGE),
        ("a" * 10_000_000, Refusal.TOO_LARGE),
    ],
)
def test_what_is_no_token_is_refused(token: str, expected: Refusal) -> None:
    assert refusal(token) is expected


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"null",
        b"17",
        b"\xff\xfe",
        b'{"sub":NaN}',
        b'{"sub":"\\udc00"}',
        b"[" * 3_000 + b"]" * 3_000,
    ],
)
def test_a_signed_payload_that_is_no_set_of_claims_is_refused(payload: bytes) -> None:
    token = jwt.api_jws.encode(payload, RS256.private, "RS256", headers={"kid": "RS256-1"})
    assert refusal(token) in (Refusal.MALFORMED, Refusal.TOO_LARGE)


def test_huge_claims_are_refused_before_their_signature_is_looked_at() -> None:
    assert refusal(RS256.token(note="x" * 9_000)) is Refusal.TOO_LARGE


def test_an_unknown_key_is_worth_a_refresh_only_where_one_can_be_had() -> None:
    token = signing_key("ES256", "new").token()
    with pytest.raises(UnknownKey):
        verifier(Published(RS256, refreshable=True)).check(token, NOW)
    with pytest.raises(InvalidToken) as refused:
        verifier(Published(RS256)).check(token, NOW)
    assert not isinstance(refused.value, UnknownKey)


def test_an_algorithm_that_no_key_can_have_is_not_worth_a_refresh() -> None:
    token = forged({"alg": "none", "kid": "new"})
    by = verifier(Published(refreshable=True))
    assert refusal(token, by) is Refusal.WRONG_ALGORITHM


def test_a_token_that_was_good_is_refused_once_it_has_expired() -> None:
    by, token = verifier(), ES256.token(exp=NOW + 60)
    assert by.check(token, NOW).expires_at == NOW + 60
    assert by.check(token, NOW + 70).expires_at == NOW + 90  # the leeway
    assert refusal(token, by, NOW + 90) is Refusal.EXPIRED


def test_a_token_that_was_good_is_refused_once_its_key_is_gone() -> None:
    published = Published(ES256)
    by, token = verifier(published), ES256.token()
    assert refusal(token, by) is None
    published.keys = read_key_set(document(RS256))
    assert refusal(token, by) is Refusal.UNKNOWN_KEY


def test_remembered_tokens_are_bounded_and_change_no_verdict() -> None:
    by = TokenVerifier(RULES, secret=SECRET, remembered=2)
    tokens = [jwt.encode(claims(sub=f"user-{n}"), SECRET, "HS256") for n in range(5)]
    users = [by.check(token, NOW).user for token in tokens * 2]
    assert users == [f"user-{n}" for n in range(5)] * 2


def test_nothing_that_can_be_printed_has_the_secret_or_a_token_in_it() -> None:
    by = verifier(secret=SECRET)
    token = RS256.token(exp=NOW - 100)
    with pytest.raises(InvalidToken) as refused:
        by.check(token, NOW)
    said = f"{by!r} {by} {refused.value!r} {refused.value} {refused.value.__cause__!r}"
    assert SECRET.decode() not in said
    assert token.split(".")[2] not in said


SEGMENTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.builds(".".join, st.lists(SEGMENTS, min_size=2, max_size=4))))
def test_whatever_is_written_it_is_refused_by_name(token: str) -> None:
    assert refusal(token) is not None


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*ALGORITHMS, "HS256"]),
    st.integers(min_value=0),
    st.characters(codec="ascii"),
)
def test_one_changed_character_makes_a_token_worthless(
    algorithm: str, place: int, character: str
) -> None:
    if algorithm == "HS256":
        token = jwt.encode(claims(), SECRET, "HS256")
    else:
        token = signing_key(algorithm).token()
    at = place % (len(token) - 1)  # the last one has bits that nobody reads
    changed = token[:at] + character + token[at + 1 :]
    assert changed == token or refusal(changed) is not None
