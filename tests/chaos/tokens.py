"""The audit's issuer: what tokens clients bring, how long these last, and what becomes of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import jwt

SECRET = "a secret of the audit's own, of more than 32 bytes"
LONG_SECONDS = 3_600
SHORT_SECONDS = (20, 40)
LEEWAY_SECONDS = 30  # that a relay gives a token which ended on the way to it
SPARE_SECONDS = 5  # a token with less left is not brought


class Manner(StrEnum):
    """What a client does about its tokens' ends."""

    LONG = "long"  # they outlast any run
    REFRESH = "refresh"  # it sends a new one ahead
    EXPIRE = "expire"  # it lets them end, and comes back with a new one


@dataclass(frozen=True, slots=True)
class Token:
    """One token. Times are whole seconds since the epoch, as issuers have them.

    doomed: its bearer will let it end.
    """

    text: str
    issued_at: int
    expires_at: int
    doomed: bool


class Wallet:
    """One client's tokens. organizations: what they all say."""

    def __init__(
        self, user: str, organizations: Iterable[str], manner: Manner, rng: random.Random
    ) -> None:
        self._user = user
        self._organizations = sorted(organizations)
        self._manner = manner
        self._rng = rng
        self._ends: set[int] = set()
        self.token = self.issue()
        """The one by which the client is served."""

    def issue(self, seconds: float | None = None) -> Token:
        """A new token. seconds: how long it lasts until it ends unrenewed; None as is its manner.

        No two end in the same second, with or without the leeway, so that the relay's word on a
        token's end names the token.
        """
        now = int(time.time())
        life = self._rng.randint(*SHORT_SECONDS) if seconds is None else int(seconds)
        if seconds is None and self._manner is Manner.LONG:
            life = LONG_SECONDS
        ends = now + life
        while any(ends + apart in self._ends for apart in (-LEEWAY_SECONDS, 0, LEEWAY_SECONDS)):
            ends += 1
        self._ends.add(ends)
        claims = {"sub": self._user, "organizations": self._organizations, "iat": now, "exp": ends}
        doomed = seconds is not None or self._manner is Manner.EXPIRE
        return Token(jwt.encode(claims, SECRET, "HS256"), now, ends, doomed)

    def to_connect(self) -> Token:
        """The token to connect with: the present one, or a new one where that is about to end."""
        if self.token.expires_at - time.time() < SPARE_SECONDS:
            self.token = self.issue()
        return self.token


def ends_as(token: Token, expires_at: str) -> bool:
    """Whether it is this token that a relay says the end of."""
    said = round(datetime.fromisoformat(expires_at).timestamp())
    return said in {token.expires_at, token.expires_at + LEEWAY_SECONDS}
