"""A WebSocket to the relay, and what its end says: close code, HTTP status, or nobody there."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from unionflow_cli.core.trial import Dialect
from unionflow_cli.errors import HandshakeRefused, Unreachable

OPEN_SECONDS = 10.0
PING_SECONDS = 30.0
MAX_FRAME_BYTES = 4 * 1024 * 1024  # Kafka's limit of 1 MB, escaped and wrapped


@asynccontextmanager
async def open_connection(url: str, dialect: Dialect) -> AsyncIterator[ClientConnection]:
    """A connection that speaks the dialect, closed at the end of the block.

    Raises:
        HandshakeRefused: the server answered, and not with an upgrade to this dialect.
        Unreachable: nobody answered within 10 s.
    """
    protocols = [Subprotocol(dialect.value)] if dialect is Dialect.V1 else None
    try:
        connection = await connect(
            url,
            subprotocols=protocols,
            compression=None,
            open_timeout=OPEN_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=2,
            max_size=MAX_FRAME_BYTES,
            proxy=None if _is_loopback(url) else True,
        )
    except InvalidStatus as problem:
        raise _refused(problem) from problem
    except (OSError, TimeoutError, InvalidHandshake, EOFError) as problem:
        raise Unreachable(_why(url, problem)) from problem
    async with connection:
        if dialect is Dialect.V1 and connection.subprotocol != dialect.value:
            raise HandshakeRefused(426, 0.0, f"the server does not speak {dialect.value}")
        yield connection


def ending(closed: ConnectionClosed) -> tuple[int, str]:
    """The close code and reason that the other side gave, else 1006 and what went wrong."""
    if closed.rcvd is not None:
        return closed.rcvd.code, closed.rcvd.reason
    if closed.sent is not None and closed.sent.code == 1011:
        return 1006, "no answer to a ping"
    return 1006, ""


def _refused(problem: InvalidStatus) -> HandshakeRefused:
    response = problem.response
    retry_after = response.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdecimal() else 0.0
    text = response.body.decode(errors="replace").strip() if response.body else ""
    return HandshakeRefused(response.status_code, seconds, text.partition("\n")[0][:200])


def _why(url: str, problem: Exception) -> str:
    parts = urlsplit(url)
    if isinstance(problem, ConnectionRefusedError):
        return f"nobody listens at {parts.netloc}"
    if isinstance(problem, TimeoutError):
        return f"{parts.netloc} does not answer"
    if isinstance(problem, OSError):
        return f"{parts.netloc} cannot be reached: {problem.strerror or problem}"
    return f"{parts.netloc} does not answer as a WebSocket: {problem}"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
