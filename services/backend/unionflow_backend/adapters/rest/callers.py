"""Who calls: told by a token, checked as the relay does, or by headers that are believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from unionflow_access import Identity, InvalidToken, JwksCache, Refusal, TokenVerifier, UnknownKey
from unionflow_backend.core.permissions import Caller, read_roles
from unionflow_backend.core.roles import Role
from unionflow_backend.errors import BadRequest, NotAuthenticated, Unavailable

NOBODY: Final = "anonymous"
"""The user of who does not say so."""
MAX_NAME_LENGTH: Final = 256
MAX_NAMES: Final = 256


class Callers(Protocol):
    """Whoever can tell who calls."""

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Who calls, as a request's headers say.

        Raises:
            NotAuthenticated: there is no token, or it is not taken.
            BadRequest: a header is broken.
            Unavailable: there is no key to check a token with.
        """


class TokenCallers:
    """Callers with tokens. jwks: asked again where a token's key is not known; None has none.

    on_outcome: told `accepted` or the refusal, for a metric. clock: seconds since 1970.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        jwks: JwksCache | None,
        clock: Callable[[], float],
        on_outcome: Callable[[str], None],
    ) -> None:
        self._verifier = verifier
        self._jwks = jwks
        self._clock = clock
        self._on_outcome = on_outcome

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """As Callers."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            self._on_outcome(Refusal.MISSING.value)
            raise NotAuthenticated(Refusal.MISSING.sentence)
        try:
            identity = await self._check(token.strip())
        except InvalidToken as error:
            self._on_outcome(error.reason.value)
            if error.reason is Refusal.UNKNOWN_KEY and self._jwks and self._jwks.trouble:
                raise Unavailable(self._jwks.trouble) from None
            raise NotAuthenticated(error.reason.sentence) from None
        self._on_outcome("accepted")
        return Caller(
            identity.user,
            identity.organizations,
            read_roles(identity.roles),
            int(identity.issued_at * 1_000),
        )

    async def _check(self, token: str) -> Identity:
        try:
            return self._verifier.check(token, self._clock())
        except UnknownKey:
            if self._jwks is None:
                raise
            await self._jwks.refresh()
            return self._verifier.check(token, self._clock())


class HeaderCallers:
    """Callers who are believed: an administrator of everything, but for what headers say."""

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """As Callers."""
        user = headers.get("x-user-id", "")
        organizations = headers.get("x-organization-ids")
        roles = headers.get("x-roles")
        if len(user) > MAX_NAME_LENGTH or not user.isprintable():
            raise BadRequest(f"X-User-Id: has more than {MAX_NAME_LENGTH} characters, or odd ones")
        return Caller(
            user or NOBODY,
            None if organizations is None else frozenset(_names(organizations)),
            frozenset(Role) if roles is None else read_roles(_names(roles)),
            named=bool(user),
        )


def _names(listed: str) -> list[str]:
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if len(names) > MAX_NAMES or any(len(name) > MAX_NAME_LENGTH for name in names):
        raise BadRequest(f"a list has at most {MAX_NAMES} names of {MAX_NAME_LENGTH} characters")
    return names
