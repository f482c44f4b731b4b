"""A published key set (RFC 7517), reduced to the keys that may verify a token.

Each key is bound here to the algorithms of its own kind, so that no token can choose another:
a public key is never a secret, and a shared secret in a public document is no key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from unionflow_access.core.compact import MAX_KEY_ID_LENGTH, Header
from unionflow_access.errors import InvalidToken, KeySetUnavailable, Refusal

MAX_KEYS = 256
_RSA_BITS = range(2_048, 8_193)
_MAX_RSA_EXPONENT = 2**32
_KINDS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
PUBLIC_KEY_ALGORITHMS = frozenset(name for names in _KINDS.values() for name in names)
_ALGORITHMS = get_default_algorithms()
PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the algorithms, by name, that it may be used with."""

    key_id: str | None
    algorithms: Mapping[str, Algorithm]
    key: PublicKey


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one document. `skipped`: how many of its keys are not for us."""

    keys: Sequence[VerificationKey] = ()
    skipped: int = 0
    _by_id: Mapping[str, Sequence[VerificationKey]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_id: dict[str, list[VerificationKey]] = {}
        for key in self.keys:
            if key.key_id is not None:
                by_id.setdefault(key.key_id, []).append(key)
        object.__setattr__(self, "_by_id", by_id)

    def find(self, header: Header) -> VerificationKey | None:
        """The key that a token claims to be signed with; None where there is no such key.

        Raises:
            InvalidToken: the key is not for the token's algorithm, or several could be meant.
        """
        named = self.keys if header.key_id is None else self._by_id.get(header.key_id, ())
        if not named:
            return None
        fitting = [key for key in named if header.algorithm in key.algorithms]
        if not fitting:
            raise InvalidToken(Refusal.WRONG_ALGORITHM)
        if len(fitting) > 1:
            raise InvalidToken(Refusal.NO_KEY_ID)
        return fitting[0]


def read_key_set(document: bytes) -> KeySet:
    """Take the usable keys of a JWKS document; keys of other kinds or uses are passed over.

    Raises:
        KeySetUnavailable: the document is none.
    """
    try:
        body = orjson.loads(document)
    except orjson.JSONDecodeError:
        raise KeySetUnavailable("the answer is not JSON") from None
    listed = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise KeySetUnavailable("the answer has no list of keys")
    if len(listed) > MAX_KEYS:
        raise KeySetUnavailable(f"the answer has {len(listed)} keys, more than {MAX_KEYS}")
    keys = [key for entry in listed if (key := _read_key(entry)) is not None]
    return KeySet(keys, len(listed) - len(keys))


def _read_key(entry: Any) -> VerificationKey | None:
    if not isinstance(entry, dict) or "d" in entry or not _is_for_signatures(entry):
        return None  # a private key that was published can sign for anybody who read it
    key_id = entry.get("kid")
    if key_id is not None and (not isinstance(key_id, str) or len(key_id) > MAX_KEY_ID_LENGTH):
        return None
    names = _algorithms(entry)
    if not names:
        return None
    try:
        key = _ALGORITHMS[names[0]].from_jwk(entry)
    except (PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(key, PublicKey) or not _is_strong(key):
        return None
    return VerificationKey(key_id, {name: _ALGORITHMS[name] for name in names}, key)


def _is_for_signatures(entry: Mapping[str, Any]) -> bool:
    operations = entry.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return False
    return entry.get("use") in (None, "sig")


def _algorithms(entry: Mapping[str, Any]) -> tuple[str, ...]:
    kind, curve, only = entry.get("kty"), entry.get("crv"), entry.get("alg")
    if not isinstance(kind, str) or not (curve is None or isinstance(curve, str)):
        return ()
    names = _KINDS.get((kind, curve if kind != "RSA" else None), ())
    return names if only is None else tuple(name for name in names if name == only)


def _is_strong(key: PublicKey) -> bool:
    if not isinstance(key, RSAPublicKey):
        return True
    return key.key_size in _RSA_BITS and key.public_numbers().e <= _MAX_RSA_EXPONENT
