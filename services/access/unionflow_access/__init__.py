"""Who may come in: the rules for tokens and roles that the relay and the backend share.

A token is checked at once, against keys that are at hand:

    keys = JwksCache(url, rng)                  # `run()` keeps it fresh
    verifier = TokenVerifier(TokenRules(issuer=…, audience=…), keys=keys)
    identity = verifier.check(token, now)       # UnknownKey: await keys.refresh(), check again
"""

from unionflow_access.adapters.jwks import JwksCache, checked_host
from unionflow_access.adapters.keys import KeySet
from unionflow_access.adapters.verifier import KeySource, TokenVerifier
from unionflow_access.core.compact import MAX_TOKEN_BYTES
from unionflow_access.core.freshness import Timing
from unionflow_access.core.identity import MAX_NAME_LENGTH, MAX_NAMES, Identity, identify
from unionflow_access.core.rules import DEFAULT_MAX_AGE_SECONDS, LEEWAY_SECONDS, TokenRules
from unionflow_access.errors import (
    AccessError,
    InvalidRules,
    InvalidToken,
    KeySetUnavailable,
    Refusal,
    UnknownKey,
)

__all__ = [
    "DEFAULT_MAX_AGE_SECONDS",
    "LEEWAY_SECONDS",
    "MAX_NAMES",
    "MAX_NAME_LENGTH",
    "MAX_TOKEN_BYTES",
    "AccessError",
    "Identity",
    "InvalidRules",
    "InvalidToken",
    "JwksCache",
    "KeySet",
    "KeySetUnavailable",
    "KeySource",
    "Refusal",
    "Timing",
    "TokenRules",
    "TokenVerifier",
    "UnknownKey",
    "checked_host",
    "identify",
]
