"""What a token must say to be taken: the part of it that whoever runs the system decides."""

from __future__ import annotations

from dataclasses import dataclass

from unionflow_access.errors import InvalidRules

DEFAULT_MAX_AGE_SECONDS = 86_400
LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules for every token's claims.

    issuer, audience: what `iss` must be and `aud` must hold; None asks for nothing.
    organizations_claim, roles_claim: a claim's name, or the dotted path to a member of one
    (`realm_access.roles`); each is a list of strings.
    max_age_seconds: how long after its `iat` a token is taken at most, whatever its `exp`.
    leeway_seconds: how far the issuer's clock may be from ours.

    Raises:
        InvalidRules: a claim's name is empty, or a number is out of range.
    """

    issuer: str | None = None
    audience: str | None = None
    organizations_claim: str = "organizations"
    roles_claim: str = "roles"
    max_age_seconds: int = DEFAULT_MAX_AGE_SECONDS
    leeway_seconds: int = LEEWAY_SECONDS

    def __post_init__(self) -> None:
        for path in (self.organizations_claim, self.roles_claim):
            if not all(path.split(".")):
                raise InvalidRules(f"{path!r} is no claim's name and no dotted path to one")
        if self.max_age_seconds < 1 or not 0 <= self.leeway_seconds <= 300:
            raise InvalidRules("the age is at least 1 second, the leeway 0 to 300")
