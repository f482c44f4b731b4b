"""Our own way through a token takes what PyJWT's `decode` takes, and refuses what it refuses.

PyJWT is asked with the keys that the token's `kid` names and their algorithms alone, the rules' own
issuer, audience and leeway, `exp` and `iat` required. Its clock is the machine's, so every time in
these tokens is seconds away from where a verdict changes.
"""

from __future__ import annotations

import hashlib
import hmac
import string
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.access.issuer import SECRET, SigningKey, claims, encoded, signing_key
from tests.access.test_verifier import Published
from unionflow_access import InvalidToken, TokenRules, TokenVerifier

ISSUER, AUDIENCE, LEEWAY = "https://id.example", "unionflow", 30
RULES = TokenRules(issuer=ISSUER, audience=AUDIENCE, leeway_seconds=LEEWAY)
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
KEYS = {key.key_id: key for key in map(signing_key, ALGORITHMS)}
STRANGERS = {name: signing_key(name, f"stranger-{name}") for name in ALGORITHMS}
VERIFIER = TokenVerifier(RULES, keys=Published(*KEYS.values()), secret=SECRET, remembered=0)

ALLOWED = frozenset(f"{string.ascii_letters}{string.digits}-_.")

# How far a time may be from now: well inside of the leeway, or well outside.
SECONDS = st.sampled_from([-4000, -3000, -60, -20, 0, 20, 60, 3000])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from([ISSUER, ISSUER + "/", "", None, [ISSUER], 7]),
        "aud": st.sampled_from([AUDIENCE, "other", "", None, [AUDIENCE, "x"], ["x"], [], 7, [7]]),
        "iat": st.none() | SECONDS,
        "exp": st.none() | SECONDS,
        "nbf": SECONDS,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "kid": st.sampled_from([*KEYS, "unknown", "", None, 1, ["RS256-1"]]),
        "alg": st.sampled_from([*ALGORITHMS, "HS256", "none", "None", "RS512", "", None, 5]),
        "crit": st.sampled_from([["exp"], ["b64"], [], "exp", None]),
        "b64": st.booleans(),
        "typ": st.sampled_from(["JWT", "at+jwt"]),
    },
)
SIGNERS = st.sampled_from([*ALGORITHMS, *(f"stranger-{name}" for name in ALGORITHMS), "HS256"])
CONFUSED = st.sampled_from([*KEYS, "secret", "empty"])


def _time(now: float, offset: int | None) -> int | None:
    return None if offset is None else int(now) + offset


def _claims(now: float, changes: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, **changes}
    for name in ("iat", "exp", "nbf"):
        if name in changes:
            whole[name] = _time(now, changes[name])
    return {name: value for name, value in claims(now, **whole).items() if value is not None}


def _sign(signer: SigningKey | bytes, signing_input: bytes) -> bytes:
    if isinstance(signer, bytes):
        return hmac.digest(signer, signing_input, hashlib.sha256)
    algorithm = jwt.algorithms.get_default_algorithms()[signer.algorithm]
    return algorithm.sign(signing_input, signer.private)


def _token(signer: SigningKey | bytes, header: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Signed as its signer signs, whatever the header says of it."""
    signing_input = f"{encoded(header)}.{encoded(body)}"
    return f"{signing_input}.{encoded(_sign(signer, signing_input.encode()))}"


def _we_take(token: str) -> Mapping[str, object] | None:
    try:
        identity = VERIFIER.check(token, time.time())
    except InvalidToken:
        return None
    return {"sub": identity.user, "organizations": sorted(identity.organizations)}


def _pyjwt_takes(token: str) -> Mapping[str, object] | None:
    """Told which key and which algorithm, as a careful caller of `decode` does."""
    try:
        header = jwt.get_unverified_header(token)
        named = KEYS.get(header["kid"]) if "kid" in header else None
        if header["alg"] == "HS256":
            found = _decode(token, SECRET, "HS256")
        elif named is not None:
            found = _decode(token, jwt.PyJWK(named.published()), named.algorithm)
        elif "kid" not in header and (alone := KEYS.get(f"{header['alg']}-1")):
            found = _decode(token, jwt.PyJWK(alone.published()), alone.algorithm)
        else:
            return None
    except (jwt.PyJWTError, KeyError, TypeError):
        return None
    return {"sub": found["sub"], "organizations": sorted(found["organizations"])}


def _decode(token: str, key: jwt.PyJWK | bytes, algorithm: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        [algorithm],
        options={"require": ["exp", "iat", "sub"]},
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=LEEWAY,
    )


def _signer(name: str) -> SigningKey | bytes:
    if name == "HS256":
        return SECRET
    return STRANGERS[name.removeprefix("stranger-")] if "-" in name else KEYS[f"{name}-1"]


@settings(max_examples=200)
@given(SIGNERS, HEADERS, CHANGES)
def test_a_signed_token_has_the_same_verdict(
    signer: str, header: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    name = signer.removeprefix("stranger-")
    usual = {"alg": name, "kid": f"{name}-1", "typ": "JWT"}
    head = {k: v for k, v in {**usual, **header}.items() if v is not None}
    token = _token(_signer(signer), head, _claims(time.time(), changes))
    assert _we_take(token) == _pyjwt_takes(token)


@settings(max_examples=50)
@given(st.sampled_from(ALGORITHMS), CONFUSED, st.booleans())
def test_what_is_public_signs_nothing(algorithm: str, confused: str, names_a_key: bool) -> None:
    """HS256 with a key's public half as the secret, under that algorithm's name and its own."""
    if confused in KEYS:
        public = KEYS[confused].private.public_key()
        secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    else:
        secret = SECRET if confused == "secret" else b""
    body = _claims(time.time(), {})
    for claimed in ("HS256", algorithm):
        head = {"alg": claimed, **({"kid": f"{algorithm}-1"} if names_a_key else {})}
        token = _token(secret, head, body)
        good = claimed == "HS256" and confused == "secret"
        assert (_we_take(token) is not None) == good
        assert (_pyjwt_takes(token) is not None) == good


@settings(max_examples=150)
@given(
    st.sampled_from([*ALGORITHMS, "HS256"]),
    st.integers(0, 2**16),
    st.binary(min_size=1, max_size=3),
)
def test_a_token_that_was_written_over_has_the_same_verdict(
    algorithm: str, place: int, over: bytes
) -> None:
    head = {"alg": algorithm, "kid": f"{algorithm}-1"}
    whole = _token(_signer(algorithm), head, _claims(time.time(), {})).encode()
    at = place % len(whole)
    token = (whole[:at] + over + whole[at + len(over) :]).decode("latin-1")
    if ALLOWED.issuperset(token):
        assert _we_take(token) == _pyjwt_takes(token)
    else:  # PyJWT passes over some characters that are not base64url's
        assert _we_take(token) is None
