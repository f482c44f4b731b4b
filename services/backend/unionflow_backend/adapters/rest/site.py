"""What is served beside the API: where pages find what they need, and Swagger UI.

Swagger UI's files come from a package and not from a content delivery network: the page works
where there is no internet, and tells nobody that it was opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_oauth2_redirect_html
from pydantic import Field
from starlette.responses import FileResponse, HTMLResponse

from unionflow_backend.adapters.rest.fields import Given

_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_FOR_A_DAY: Final = {"Cache-Control": "public, max-age=86400"}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>UnionFlow business services</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
const settings = %s;
const base = new URL("./", document.baseURI);
const ui = SwaggerUIBundle({
  url: new URL("openapi.json", base).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  oauth2RedirectUrl: new URL("docs/oauth2-redirect", base).href,
});
if (settings.clientId) {
  ui.initOAuth({clientId: settings.clientId, usePkceWithAuthorizationCodeGrant: true});
}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """What pages are told. The addresses are as browsers see them; None is beside this page."""

    base_path: str = ""
    public_api_url: str | None = None
    public_websocket_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None


class Oidc(Given):
    """Where and as what pages log people in."""

    issuer: str
    client_id: str | None


class PagesConfiguration(Given):
    """What a page needs to know before it can do anything."""

    api_base: str = Field(examples=["https://api.mutuelle.example/unionflow"])
    web_socket_url: str = Field(examples=["wss://api.mutuelle.example/unionflow/ws/dashboard"])
    oidc: Oidc | None


def configuration(site: Site, seen_at: str) -> PagesConfiguration:
    """What pages are told. seen_at: `https://host:port`, where the page came from."""
    api = (site.public_api_url or seen_at + site.base_path).rstrip("/")
    socket = site.public_websocket_url or f"ws{api.removeprefix('http')}/ws/dashboard"
    oidc = None
    if site.oidc_issuer is not None:
        oidc = Oidc(issuer=site.oidc_issuer, client_id=site.oidc_client_id)
    return PagesConfiguration(api_base=api, web_socket_url=socket, oidc=oidc)


def install(app: FastAPI, site: Site) -> None:
    """Serve `/config.json` and `/docs` below the base path."""
    router = APIRouter(prefix=site.base_path)

    @router.get("/config.json", tags=["pages"], response_model=PagesConfiguration)
    async def get_configuration(request: Request) -> PagesConfiguration:
        """Where pages find the API, the relay and the log-in."""
        return configuration(site, f"{request.url.scheme}://{request.url.netloc}")

    @router.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _policy(site)})

    @router.get("/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        settings = orjson.dumps({"clientId": site.oidc_client_id}).decode()
        return Response(_START % settings, media_type="text/javascript")

    @router.get("/docs/oauth2-redirect", include_in_schema=False)
    async def redirected() -> Response:
        page = get_swagger_ui_oauth2_redirect_html()
        page.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'"
        )
        return page

    static = files("fastapi_offline") / "static"
    for name, kind in _ASSETS.items():
        router.add_api_route(
            f"/docs/{name}",
            _asset(str(static / name), kind),
            include_in_schema=False,
        )
    app.include_router(router)


def _asset(path: str, kind: str) -> Callable[[], Awaitable[Response]]:
    async def asset() -> Response:
        return FileResponse(path, media_type=kind, headers=_FOR_A_DAY)

    return asset


def _policy(site: Site) -> str:
    """Scripts and styles of our own; requests to us and to where people log in."""
    connect = "'self'"
    if site.oidc_issuer is not None:
        parts = urlsplit(site.oidc_issuer)
        connect += f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; font-src data:; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
