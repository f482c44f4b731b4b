"""Every error that this package raises on purpose, and the words for a token that is refused."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why a token is not taken. The values are fit for a metric's label."""

    MISSING = "missing"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    WRONG_ALGORITHM = "wrong_algorithm"
    NO_KEY_ID = "no_key_id"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    BAD_SUBJECT = "bad_subject"
    NO_ISSUE_TIME = "no_issue_time"
    NO_EXPIRY = "no_expiry"
    BAD_TIME = "bad_time"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    TOO_OLD = "too_old"
    BAD_ORGANIZATIONS = "bad_organizations"
    BAD_ROLES = "bad_roles"

    @property
    def sentence(self) -> str:
        """The refusal in words, for whoever sent the token; nothing of the token is in it."""
        return _SENTENCES[self]


_SENTENCES = {
    Refusal.MISSING: "a token is needed",
    Refusal.TOO_LARGE: "the token is too large",
    Refusal.MALFORMED: "the token is no signed JWT",
    Refusal.UNSUPPORTED: "the token asks for what is not supported",
    Refusal.WRONG_ALGORITHM: "the token's algorithm is not allowed",
    Refusal.NO_KEY_ID: "the token does not name its key",
    Refusal.UNKNOWN_KEY: "the token's key is not known",
    Refusal.BAD_SIGNATURE: "the token's signature is wrong",
    Refusal.WRONG_ISSUER: "the token is from another issuer",
    Refusal.WRONG_AUDIENCE: "the token is for another audience",
    Refusal.BAD_SUBJECT: "the token names no user",
    Refusal.NO_ISSUE_TIME: "the token does not say when it was issued",
    Refusal.NO_EXPIRY: "the token does not say when it expires",
    Refusal.BAD_TIME: "a time in the token is no time",
    Refusal.NOT_YET_VALID: "the token is not valid yet",
    Refusal.EXPIRED: "the token has expired",
    Refusal.TOO_OLD: "the token was issued too long ago",
    Refusal.BAD_ORGANIZATIONS: "the token's organisations are no list of names",
    Refusal.BAD_ROLES: "the token's roles are no list of names",
}


class AccessError(Exception):
    """Root of this package's errors."""


class InvalidToken(AccessError):
    """A token is not taken, for `reason`. Raised by `check`; the client needs another token.

    The message is the refusal's sentence: it holds nothing of the token.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


class UnknownKey(InvalidToken):
    """The key set has no such key, and a newer one may: await `refresh()`, then check again."""

    def __init__(self) -> None:
        super().__init__(Refusal.UNKNOWN_KEY)


class InvalidRules(AccessError):
    """The rules or the address of the key set cannot be. Raised at start; mend the setting."""


class KeySetUnavailable(AccessError):
    """The key set could not be had, or is none. The cache keeps the keys that it knows."""
