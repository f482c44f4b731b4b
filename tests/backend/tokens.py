"""Tokens of an issuer that shares a secret with the backend."""

from __future__ import annotations

import time
from typing import Any

import jwt

from unionflow_access import TokenRules, TokenVerifier
from unionflow_backend.adapters.rest.callers import TokenCallers

SECRET = b"a secret of thirty-two bytes, yes"


def _said(_outcome: str) -> None:
    """Nobody counts here."""


SECRET_CALLERS = TokenCallers(
    TokenVerifier(TokenRules(roles_claim="realm_access.roles"), secret=SECRET),
    None,
    time.time,
    _said,
)


def token(user: str = "awa", *, issued_at: float | None = None, **claims: Any) -> str:
    """A good token; roles are given as `roles`."""
    issued = time.time() if issued_at is None else issued_at
    whole = {
        "sub": user,
        "iat": issued,
        "exp": issued + 3_600,
        "realm_access": {"roles": claims.pop("roles", [])},
        **claims,
    }
    return jwt.encode(whole, SECRET, "HS256")
