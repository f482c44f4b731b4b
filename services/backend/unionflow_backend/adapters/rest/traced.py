"""Requests in traces. Around the application only where there is a tracer."""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unionflow_runtime.core.traces import CAUSE, Kind, Tracer, is_sampled


class Traced:
    """A span for each request; what is written meanwhile names it as its cause."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"]
        about = {"http.request.method": method, "url.path": scope["path"]}
        parent = Headers(scope=scope).get("traceparent")
        span = self._tracer.begin(method, Kind.SERVER, parent, about)
        traceparent = span.traceparent
        token = CAUSE.set(traceparent if is_sampled(traceparent) else None)
        try:
            await self._app(scope, receive, noting)
        finally:
            CAUSE.reset(token)
            route = scope.get("route")
            path = route.path if isinstance(route, APIRoute) else None
            answered: dict[str, str | int] = {"http.response.status_code": status}
            if path is not None:
                answered["http.route"] = path
            failed = "" if 0 < status < 500 else f"answered with {status}"
            span.end(method if path is None else f"{method} {path}", answered, failed)
