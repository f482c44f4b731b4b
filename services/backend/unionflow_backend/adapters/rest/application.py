"""The API as one ASGI application: every resource, every error, and the document of both."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from unionflow_backend.adapters.rest import (
    agenda,
    approvals,
    contributions,
    dashboard,
    dev,
    members,
    notifications,
    organizations,
    pages,
    problems,
    site,
    swagger,
)
from unionflow_backend.adapters.rest.call import REPLAYED, Api
from unionflow_backend.adapters.rest.edge import Bounds, Count, Edge
from unionflow_backend.adapters.rest.pages import Pages
from unionflow_backend.adapters.rest.site import Site
from unionflow_backend.adapters.rest.traced import Traced
from unionflow_runtime.access import AuthMode
from unionflow_runtime.core.traces import Tracer

_RESOURCES: Final = (
    organizations,
    approvals,
    members,
    contributions,
    notifications,
    agenda,
    dashboard,
    dev,
)
_TITLE: Final = "UnionFlow business services"
_ABOUT: Final = """
Members, contributions, approvals and notifications of mutual societies and associations. Every
change is also an event that the relay carries to every screen of its organisation.

Amounts are decimal strings, times RFC 3339 in UTC. Lists come in pages: pass `nextCursor` on as
`cursor`. Every `POST` takes an `Idempotency-Key`; every change of a thing takes `If-Match`. Errors
are `application/problem+json` (RFC 9457).
"""
_WITH_TOKENS: Final = """
**Authorize** with a token of your identity provider. Its `organizations` are what you may see; its
roles (`member`, `treasurer`, `president`, `administrator`) are what you may do.
"""
_WITH_HEADERS: Final = """
`UNIONFLOW_AUTH=none`: nobody has to log in. You are an administrator of everything, unless the
headers `X-User-Id`, `X-Organization-Ids` and `X-Roles` say otherwise (**Authorize** sets them).
Whoever does not say who they are may approve their own request, so that one person can try it all.
"""
_HEADERS: Final = {
    "user": ("X-User-Id", "Who you are, such as `awa`."),
    "organizations": ("X-Organization-Ids", "Where you belong, with commas between."),
    "roles": ("X-Roles", "Of `member,treasurer,president,administrator`."),
}


def create_application(where: Site, dashboard: Pages = ()) -> FastAPI:
    """The API, and beside it what browsers load. Its `state.api` is still to be set."""
    tokens = where.auth is AuthMode.JWT
    app = FastAPI(
        title=_TITLE,
        version=version("unionflow-streams"),
        description=_ABOUT + (_WITH_TOKENS if tokens else _WITH_HEADERS),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{where.base_path}/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    problems.install(app)
    site.install(app, where)
    swagger.install(app, where)
    pages.install(app, where, dashboard)
    resources = APIRouter(prefix=f"{where.base_path}/api/v1")
    for resource in _RESOURCES:
        resources.include_router(resource.router)
    app.include_router(resources)
    schemes = _with_tokens(where) if tokens else _with_headers()
    _document(app, schemes)
    return app


def serve(
    app: FastAPI,
    api: Api,
    count: Count,
    allowed_origins: Collection[str] = (),
    tracer: Tracer | None = None,
) -> ASGIApp:
    """The application, ready for a server. allowed_origins: whose pages may read; none: all."""
    app.state.api = api
    shared = CORSMiddleware(
        Bounds(app),
        allow_origins=list(allowed_origins) or ["*"],
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=["ETag", "Location", "Retry-After", REPLAYED],
        max_age=3_600,
    )
    edge = Edge(shared, count)
    return edge if tracer is None else Traced(edge, tracer)


def _operation_id(route: APIRoute) -> str:
    return route.name


def _with_tokens(where: Site) -> dict[str, Any]:
    schemes: dict[str, Any] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    if where.oidc_issuer is not None:
        found_at = where.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
        schemes["login"] = {"type": "openIdConnect", "openIdConnectUrl": found_at}
    return schemes


def _with_headers() -> dict[str, Any]:
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": text}
        for name, (header, text) in _HEADERS.items()
    }


def _document(app: FastAPI, schemes: dict[str, Any]) -> None:
    """Write the OpenAPI document once: with the ways to say who one is, and with our problems."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            written = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            written["components"]["securitySchemes"] = schemes
            alone: list[dict[str, list[str]]] = [{name: []} for name in schemes]
            together: list[dict[str, list[str]]] = [{name: [] for name in schemes}]
            by_header = any(scheme["type"] == "apiKey" for scheme in schemes.values())
            written["security"] = [*together, {}] if by_header else alone
            _tell_problems(written)
            app.openapi_schema = written
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to another document


def _tell_problems(written: dict[str, Any]) -> None:
    """Problems have their own media type, and FastAPI's error model is not ours."""
    for path in written["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if int(status) >= 400 and "application/json" in content:
                    schema = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
                    response["content"] = {problems.MEDIA_TYPE: schema}
    for name in ("HTTPValidationError", "ValidationError"):
        written["components"]["schemas"].pop(name, None)
