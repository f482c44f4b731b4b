"""What pages are told of this installation: where the API and the relay are, and how to log in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from pydantic import Field

from unionflow_backend.adapters.rest.fields import Given
from unionflow_runtime.access import AuthMode

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


@dataclass(frozen=True, slots=True)
class Site:
    """What pages are told. The addresses are as browsers see them; None is beside this page."""

    base_path: str = ""
    public_api_url: str | None = None
    public_websocket_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    auth: AuthMode = AuthMode.JWT
    oidc_scope: str = "openid profile"
    roles_claim: str = "roles"


class Oidc(Given):
    """Where and as what pages log people in, and where their token says what they may do."""

    issuer: str
    client_id: str | None
    scope: str = Field(examples=["openid profile"])
    roles_claim: str = Field(examples=["roles"])


class PagesConfiguration(Given):
    """What a page needs to know before it can do anything."""

    api_base: str = Field(examples=["https://api.mutuelle.example/unionflow"])
    web_socket_url: str = Field(examples=["wss://api.mutuelle.example/unionflow/ws/dashboard"])
    auth: AuthMode = Field(
        description="`jwt`: a token says who one is. `none`: the headers `X-User-Id`, "
        "`X-Organization-Ids` and `X-Roles` do."
    )
    oidc: Oidc | None


def configuration(site: Site, seen_at: str) -> PagesConfiguration:
    """What pages are told. seen_at: `https://host:port`, where the page came from."""
    api = (site.public_api_url or seen_at + site.base_path).rstrip("/")
    socket = site.public_websocket_url or f"ws{api.removeprefix('http')}/ws/dashboard"
    oidc = None
    if site.oidc_issuer is not None:
        oidc = Oidc(
            issuer=site.oidc_issuer,
            client_id=site.oidc_client_id,
            scope=site.oidc_scope,
            roles_claim=site.roles_claim,
        )
    return PagesConfiguration(api_base=api, web_socket_url=socket, auth=site.auth, oidc=oidc)


def seen_at(request: Request) -> str:
    """`https://host:port` by which the browser came, as it and its proxy say.

    Whoever says something else is told something else, and nobody but they: no such answer is
    kept for others.
    """
    said = request.headers.get("x-forwarded-proto", "")
    scheme = said if said in {"http", "https"} else request.url.scheme
    host = request.headers.get("host", "")
    return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"


def policy(site: Site, at: str, **sources: str) -> str:
    """The Content-Security-Policy of a page of ours: nothing, but what is named.

    at: as `seen_at`. sources: of each kind (`script`, `img`, …). Requests may go to the API, to
    the relay (by WebSocket, or by server-sent events) and to where people log in.
    """
    told = configuration(site, at)
    relay = _origin(told.web_socket_url)
    asked = [_origin(told.api_base), relay, f"http{relay.removeprefix('ws')}"]
    if told.oidc is not None:
        asked.append(_origin(told.oidc.issuer))
    connect = " ".join(["'self'", *dict.fromkeys(asked)])
    named = [f"{kind}-src {source}" for kind, source in sources.items()]
    closed = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    return "; ".join(["default-src 'none'", *named, f"connect-src {connect}", *closed])


def install(app: FastAPI, site: Site) -> None:
    """Serve `/config.json` below the base path."""
    router = APIRouter(prefix=site.base_path)

    @router.get("/config.json", tags=["pages"], response_model=PagesConfiguration)
    async def get_configuration(request: Request) -> PagesConfiguration:
        """Where pages find the API, the relay and the log-in."""
        return configuration(site, seen_at(request))

    app.include_router(router)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
