"""A signed token as text (RFC 7515's compact form), taken apart before any key is looked at.

Whoever knocks can write anything here, so it is bounded and strict: no member of the header is
read but those that choose among keys we have, and a key, or a key's address, in it is nothing.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import NamedTuple

import orjson

from unionflow_access.errors import InvalidToken, Refusal

MAX_TOKEN_BYTES = 8_192
MAX_KEY_ID_LENGTH = 256
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})  # RFC 8725, 3.11


class Header(NamedTuple):
    """What a token's header says of how it was signed."""

    algorithm: str
    key_id: str | None


class Compact(NamedTuple):
    """A token in its parts. The payload is not decoded: nobody vouches for it yet."""

    header: Header
    payload: str
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
    parts = _COMPACT.fullmatch(token)
    if parts is None:
        raise InvalidToken(Refusal.MALFORMED)
    header, payload, signature = parts.groups()
    signing_input = token[: parts.start(3) - 1].encode()
    return Compact(_header(header), payload, signing_input, _decoded(signature))


def read_claims(payload: str) -> dict[str, object]:
    """The claims of a token whose signature is good.

    Raises:
        InvalidToken: they are no JSON object (NaN, lone surrogates and deep nesting included).
    """
    return _object(payload)


@lru_cache(maxsize=256)
def _header(segment: str) -> Header:
    """The header's words. All tokens of one key have the same header: it is read once."""
    header = _object(segment)
    if "crit" in header or not _is_token_type(header.get("typ")):
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


def _object(segment: str) -> dict[str, object]:
    try:
        value = orjson.loads(_decoded(segment))
    except orjson.JSONDecodeError:
        raise InvalidToken(Refusal.MALFORMED) from None
    if not isinstance(value, dict):
        raise InvalidToken(Refusal.MALFORMED)
    return value


def _decoded(segment: str) -> bytes:
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise InvalidToken(Refusal.MALFORMED) from None
