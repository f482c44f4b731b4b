"""A signed token as text (RFC 7515's compact form), taken apart before any key is looked at.

Whoever knocks can write anything here, so it is bounded and strict: no member of the header is
read but those that choose among keys we have, and a key, or a key's address, in it is nothing.
"""

from __future__ import annotations

import binascii
import string
from functools import lru_cache
from typing import NamedTuple

import orjson

from unionflow_access.errors import InvalidToken, Refusal

MAX_TOKEN_BYTES = 8_192
MAX_KEY_ID_LENGTH = 256
_ALPHABET = f"{string.ascii_letters}{string.digits}-_".encode()
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})  # RFC 8725, 3.11


class Header(NamedTuple):
    """What a token's header says of how it was signed."""

    algorithm: str
    key_id: str | None


class Compact(NamedTuple):
    """A token in its parts. The payload is not decoded: nobody vouches for it yet."""

    header: Header
    payload: bytes
    signing_input: bytes
    signature: bytes


def take_apart(token: str) -> Compact:
    """Split a token and read its header.

    Raises:
        InvalidToken: it is too large, malformed, or asks for what is not supported.
    """
    if not token:
        raise InvalidToken(Refusal.MISSING)
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidToken(Refusal.TOO_LARGE)
    raw = token.encode("utf-8", "surrogatepass")
    if raw.translate(None, _ALPHABET) != b"..":
        raise InvalidToken(Refusal.MALFORMED)
    signing_input, _, signature = raw.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    if not (header and payload and signature):
        raise InvalidToken(Refusal.MALFORMED)
    return Compact(_header(header), payload, signing_input, _decoded(signature))


def read_claims(payload: bytes) -> dict[str, object]:
    """The claims of a token whose signature is good.

    Raises:
        InvalidToken: they are no JSON object (NaN, lone surrogates and deep nesting included).
    """
    return _object(payload)


@lru_cache(maxsize=256)
def _header(segment: bytes) -> Header:
    """The header's words. All tokens of one key have the same header: it is read once."""
    header = _object(segment)
    if "crit" in header or header.get("b64", True) is not True:  # RFC 7515, 4.1.11; RFC 7797
        raise InvalidToken(Refusal.UNSUPPORTED)
    if not _is_token_type(header.get("typ")):
        raise InvalidToken(Refusal.UNSUPPORTED)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str):
        raise InvalidToken(Refusal.WRONG_ALGORITHM)
    if key_id is None:
        return Header(algorithm, None)
    if not isinstance(key_id, str) or len(key_id) > MAX_KEY_ID_LENGTH:
        raise InvalidToken(Refusal.MALFORMED)
    return Header(algorithm, key_id)


def _is_token_type(kind: object) -> bool:
    return kind is None or (isinstance(kind, str) and kind.lower() in _TYPES)


def _object(segment: bytes) -> dict[str, object]:
    try:
        value = orjson.loads(_decoded(segment))
    except orjson.JSONDecodeError:
        raise InvalidToken(Refusal.MALFORMED) from None
    if not isinstance(value, dict):
        raise InvalidToken(Refusal.MALFORMED)
    return value


def _decoded(segment: bytes) -> bytes:
    """A segment's bytes. Padding beyond what it lacks is passed over."""
    try:
        return binascii.a2b_base64(segment.translate(_TO_BASE64) + b"==")
    except binascii.Error:
        raise InvalidToken(Refusal.MALFORMED) from None
