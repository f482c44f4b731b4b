"""A published key set: what is taken of it, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.issuer import SigningKey, document, encoded, signing_key
from tests.access.test_identity import JSON
from unionflow_access import KeySetUnavailable
from unionflow_access.adapters.keys import MAX_KEYS, read_key_set

RS256 = signing_key("RS256")
ES256 = signing_key("ES256")


def key_set_of(*entries: Any) -> list[str | None]:
    keys = read_key_set(json.dumps({"keys": entries}).encode()).keys
    return [key.key_id for key in keys]


def test_the_usable_keys_are_taken_and_the_others_counted() -> None:
    body = {"keys": [RS256.published(), ES256.published(use="enc"), {"kty": "oct", "k": "AAAA"}]}
    keys = read_key_set(json.dumps(body).encode())
    assert ([key.key_id for key in keys.keys], keys.skipped) == (["RS256-1"], 2)


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": encoded(b"k" * 32), "alg": "HS256", "kid": "secret"},
        RS256.published(use="enc"),
        RS256.published(key_ops=["sign"]),
        RS256.published(key_ops="verify"),
        RS256.published(alg="HS256"),
        RS256.published(alg="RSA-OAEP"),
        RS256.published(alg="none"),
        RS256.published(d="AQAB"),
        RS256.published(kid=7),
        RS256.published(kid="x" * 257),
        RS256.published(n="AQAB"),
        RS256.published(n=5),
        RS256.published(n="!"),
        RS256.published(e=encoded(b"\xff" * 64)),
        RS256.published(kty="EC"),
        RS256.published(kty=["RSA"]),
        ES256.published(crv="P-384"),
        ES256.published(crv=None),
        ES256.published(x=encoded(b"\x01" * 32)),
        ES256.published(y=None),
        signing_key("EdDSA").published(crv="Ed448"),
        signing_key("EdDSA").published(x=encoded(b"\x01")),
        {},
        None,
        [],
        "key",
    ],
)
def test_a_key_that_is_not_for_verifying_tokens_is_passed_over(entry: Any) -> None:
    assert key_set_of(entry, ES256.published(kid="good")) == ["good"]


def test_a_short_rsa_key_is_passed_over() -> None:
    weak = SigningKey("weak", "RS256", generate_private_key(65_537, 1_024))
    assert key_set_of(weak.published(), RS256.published()) == ["RS256-1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"keys":{}}', b'{"keys":null}', b"[" * 100_000, b"\xff"],
)
def test_an_answer_that_is_no_key_set_is_none(body: bytes) -> None:
    with pytest.raises(KeySetUnavailable):
        read_key_set(body)


def test_an_answer_with_too_many_keys_is_none() -> None:
    with pytest.raises(KeySetUnavailable):
        read_key_set(json.dumps({"keys": [{}] * (MAX_KEYS + 1)}).encode())


def test_a_key_set_may_be_empty() -> None:
    assert list(read_key_set(document()).keys) == []


MEMBERS = st.sampled_from(["kty", "crv", "n", "e", "x", "y", "kid", "use", "alg", "key_ops"])


@settings(deadline=None)
@given(
    st.sampled_from([RS256.published(), ES256.published()]),
    st.dictionaries(MEMBERS, JSON, max_size=4),
)
def test_whatever_an_entry_says_the_others_are_taken(
    entry: dict[str, Any], changes: dict[str, Any]
) -> None:
    body = {"keys": [{**entry, **changes}, ES256.published(kid="good")]}
    text = json.dumps(body, allow_nan=False) if _is_json(body) else None
    if text is not None:
        assert read_key_set(text.encode()).keys[-1].key_id == "good"


def _is_json(body: Any) -> bool:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError:
        return False
    return True
