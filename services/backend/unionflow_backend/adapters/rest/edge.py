"""What surrounds every request, whatever it asks.

A bound on its body, headers that tell browsers to trust nothing, a count, and an answer even where
there is a bug.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unionflow_backend.adapters.rest.problems import problem

MAX_BODY_BYTES: Final = 65_536
BODY_SECONDS: Final = 15
"""How long a client may take to send its body."""
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
log = structlog.get_logger("backend")
Count = Callable[[str, int, float], None]
"""Told the operation (its id in OpenAPI, or `none`), the status and the seconds it took."""


class Edge:
    """The outermost application: what browsers are told with every answer, and the count."""

    def __init__(self, app: ASGIApp, count: Count) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._count(operation_of(scope), status, time.perf_counter() - began)


class Bounds:
    """What no request passes: its body's size and time, and a fault of ours.

    Within CORS, so that a page can read these answers as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._serve(scope, receive, noting)
        except Exception:
            log.exception("request failed", operation=operation_of(scope))
            if begun:
                raise
            answer = problem(500, "Internal error", "this is a fault of ours; it has been logged")
            await answer(scope, receive, noting)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            late = problem(408, "Request timeout", f"the body took more than {BODY_SECONDS} s")
            late.headers["Connection"] = "close"
            await late(scope, receive, send)
            return
        if body is None:
            large = problem(
                413, "Content too large", f"a body has at most {MAX_BODY_BYTES:,} bytes"
            )
            large.headers["Connection"] = "close"
            await large(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)


class _Replay:
    """The body, whole, and then what the client does further."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}


async def _body(receive: Receive) -> bytes | None:
    """A request's body; None where it is larger than what is taken."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def operation_of(scope: Scope) -> str:
    """The operation's id in OpenAPI; `none` for what is no operation."""
    route = scope.get("route")
    return route.name if isinstance(route, APIRoute) else "none"
