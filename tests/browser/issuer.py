"""A small OpenID Connect issuer: the code flow with PKCE, refresh tokens that rotate, real keys.

A real one (Keycloak) takes half a minute to start and cannot be told to make tokens of ten seconds
now and to refuse the next refresh; the tests of `make e2e` have that one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from unionflow_runtime.adapters.servers import http_server

CLIENT = "unionflow-dashboard"
AUDIENCE = "unionflow"
KEY_ID = "first"


@dataclass(frozen=True, slots=True)
class Person:
    """Who can log in, and what their tokens say."""

    user: str
    name: str
    organizations: tuple[str, ...]
    roles: tuple[str, ...]


PEOPLE = (
    Person("awa-ndiaye", "Awa Ndiaye", ("mutuelle-dakar",), ("member", "treasurer")),
    Person("aminata-diop", "Aminata Diop", ("mutuelle-dakar",), ("member",)),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or a refresh token stands for."""

    person: Person
    challenge: str = ""
    redirect_uri: str = ""
    nonce: str = ""


@dataclass
class Issuer:
    """Running, and what it was asked. Each token is good for `lifetime_seconds` from its making."""

    port: int
    lifetime_seconds: int = 300
    refreshes: int = 0
    refuses_refreshes: bool = False
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _grants: dict[str, Grant] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The `iss` of its tokens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What relay and backend are told so that they take its tokens."""
        return {
            "UNIONFLOW_AUTH": "jwt",
            "UNIONFLOW_JWT_JWKS_URL": f"{self.url}/certs",
            "UNIONFLOW_JWT_ISSUER": self.url,
            "UNIONFLOW_JWT_AUDIENCE": AUDIENCE,
        }

    @property
    def page_settings(self) -> dict[str, str]:
        """What the backend tells its pages."""
        return {"UNIONFLOW_OIDC_ISSUER": self.url, "UNIONFLOW_OIDC_CLIENT_ID": CLIENT}

    def access_token(self, person: Person, lifetime_seconds: int | None = None) -> str:
        """One that relay and backend take."""
        return self._sign(person, {"aud": AUDIENCE}, lifetime_seconds or self.lifetime_seconds)

    def application(self) -> Starlette:
        """All of its pages."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discover),
                Route("/certs", self._certs),
                Route("/authorize", self._authorize),
                Route("/choose", self._choose),
                Route("/token", self._token, methods=["POST"]),
                Route("/logout", self._logout),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]
                )
            ],
        )

    async def _discover(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "end_session_endpoint": f"{self.url}/logout",
                "jwks_uri": f"{self.url}/certs",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "offline_access"],
            }
        )

    async def _certs(self, _request: Request) -> Response:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return JSONResponse({"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]})

    async def _authorize(self, request: Request) -> Response:
        """A page that asks who one is, in place of a password."""
        asked = request.query_params
        wrong = [
            asked.get("client_id") != CLIENT,
            asked.get("response_type") != "code",
            asked.get("code_challenge_method") != "S256",
            len(asked.get("code_challenge", "")) != 43,
            "openid" not in asked.get("scope", "").split(),
            not asked.get("state"),
        ]
        if any(wrong):
            return HTMLResponse(f"refused: {wrong}", 400)
        links = [
            f'<li><a href="choose?{html.escape(urlencode({**asked, "user": person.user}))}">'
            f"{person.name}</a></li>"
            for person in PEOPLE
        ]
        return HTMLResponse(f"<!doctype html><title>Log in</title><ul>{''.join(links)}</ul>")

    async def _choose(self, request: Request) -> Response:
        asked = request.query_params
        person = next(one for one in PEOPLE if one.user == asked["user"])
        code = self._keep(
            Grant(person, asked["code_challenge"], asked["redirect_uri"], asked.get("nonce", ""))
        )
        said = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{asked['redirect_uri']}?{said}", 302)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") == "refresh_token":
            self.refreshes += 1
            grant = None if self.refuses_refreshes else self._take(form.get("refresh_token", ""))
        else:
            grant = self._take(form.get("code", ""))
            if grant is not None and not _proves(grant, form):
                grant = None
        if grant is None or form.get("client_id") != CLIENT:
            return JSONResponse({"error": "invalid_grant"}, 400)
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        return JSONResponse(
            {
                "access_token": self.access_token(grant.person),
                "token_type": "Bearer",
                "expires_in": self.lifetime_seconds,
                "refresh_token": self._keep(Grant(grant.person, nonce=grant.nonce)),
                "id_token": self._sign(grant.person, {"aud": CLIENT, **nonce}, 300),
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _logout(self, request: Request) -> Response:
        to = request.query_params.get("post_logout_redirect_uri")
        return RedirectResponse(to, 302) if to else HTMLResponse("logged out")

    def _keep(self, grant: Grant) -> str:
        ticket = secrets.token_urlsafe(24)
        self._grants[ticket] = grant
        return ticket

    def _take(self, ticket: str) -> Grant | None:
        """Each is good once."""
        return self._grants.pop(ticket, None)

    def _sign(self, person: Person, claims: dict[str, Any], lifetime_seconds: int) -> str:
        now = int(time.time())
        said = {
            "iss": self.url,
            "sub": person.user,
            "name": person.name,
            "iat": now,
            "exp": now + lifetime_seconds,
            "organizations": list(person.organizations),
            "roles": list(person.roles),
            **claims,
        }
        return jwt.encode(said, self._key, "RS256", headers={"kid": KEY_ID})


def _proves(grant: Grant, form: dict[str, str]) -> bool:
    """Whether whoever has the code is who asked for it (RFC 7636)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return proof == grant.challenge and form.get("redirect_uri") == grant.redirect_uri


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    """One on a free port, served by this process's loop."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        issuer = Issuer(sock.getsockname()[1])
        server = http_server(issuer.application())
        serving = asyncio.create_task(server.serve([sock]))
        try:
            yield issuer
        finally:
            server.should_exit = True
            await serving
