"""Swagger UI at `/docs`.

Its files come from a package and not from a content delivery network: the page works where there
is no internet, and tells nobody that it was opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_oauth2_redirect_html
from starlette.responses import FileResponse, HTMLResponse

from unionflow_backend.adapters.rest.site import Site, policy, seen_at

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


def install(app: FastAPI, site: Site) -> None:
    """Serve `/docs` below the base path."""
    router = APIRouter(prefix=site.base_path)

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        allowed = policy(
            site,
            seen_at(request),
            script="'self'",
            style="'self' 'unsafe-inline'",
            img="'self' data:",
            font="data:",
        )
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": allowed})

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
