"""Who a token's bearer is: claims in, an identity or a named refusal out.

The claims are those of a token whose signature was found good; what they say is still judged
whole, since an issuer signs tokens for others too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_access.core.rules import TokenRules
from unionflow_access.errors import InvalidToken, Refusal

MAX_NAME_LENGTH = 256
MAX_NAMES = 256
_LAST_SECOND = 253_402_300_799  # 9999-12-31: what RFC 3339 can still say


@dataclass(frozen=True, slots=True)
class Identity:
    """What a token says of its bearer. Times are seconds since the epoch.

    expires_at: until when the token is taken; never in the past of the `now` it was judged at.
    """

    user: str
    organizations: frozenset[str]
    roles: frozenset[str]
    issued_at: float
    expires_at: float


def identify(claims: Mapping[str, object], rules: TokenRules, now: float) -> Identity:
    """Judge a token's claims. now: seconds since the epoch.

    Raises:
        InvalidToken: they break a rule; which one is its reason.
    """
    _check_origin(claims, rules)
    issued_at, expires_at = _check_times(claims, rules, now)
    subject = claims.get("sub")
    if not _is_name(subject):
        raise InvalidToken(Refusal.BAD_SUBJECT)
    organizations = _names(claims, rules.organizations_claim, Refusal.BAD_ORGANIZATIONS)
    roles = _names(claims, rules.roles_claim, Refusal.BAD_ROLES)
    return Identity(str(subject), organizations, roles, issued_at, expires_at)


def _check_origin(claims: Mapping[str, object], rules: TokenRules) -> None:
    if rules.issuer is not None and claims.get("iss") != rules.issuer:
        raise InvalidToken(Refusal.WRONG_ISSUER)
    if rules.audience is None:
        return
    audience = claims.get("aud")
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidToken(Refusal.WRONG_AUDIENCE)


def _check_times(
    claims: Mapping[str, object], rules: TokenRules, now: float
) -> tuple[float, float]:
    """When the token was issued, and until when it is taken."""
    issued_at = _time(claims, "iat")
    if issued_at is None:
        raise InvalidToken(Refusal.NO_ISSUE_TIME)
    expiry = _time(claims, "exp")
    if expiry is None:
        raise InvalidToken(Refusal.NO_EXPIRY)
    not_before = _time(claims, "nbf")
    leeway = rules.leeway_seconds
    if max(issued_at, not_before or 0) > now + leeway:
        raise InvalidToken(Refusal.NOT_YET_VALID)
    if now >= expiry + leeway:
        raise InvalidToken(Refusal.EXPIRED)
    oldest = issued_at + rules.max_age_seconds
    if now >= oldest + leeway:
        raise InvalidToken(Refusal.TOO_OLD)
    end = min(expiry, oldest)
    return issued_at, end if now < end else end + leeway


def _time(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(Refusal.BAD_TIME)
    if not 0 <= value <= _LAST_SECOND:  # NaN is outside too
        raise InvalidToken(Refusal.BAD_TIME)
    return float(value)


def _names(claims: Mapping[str, object], path: str, reason: Refusal) -> frozenset[str]:
    value = _at(claims, path)
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > MAX_NAMES or not all(map(_is_name, value)):
        raise InvalidToken(reason)
    return frozenset(value)


def _at(claims: Mapping[str, object], path: str) -> object:
    """A claim by its whole name (which may have dots: a URL), else by its path."""
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH
