"""Clients that come through a proxy, from an address of loopback of their own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.ingress.proxies import LOOPBACK, Proxy
from tests.ingress.sites import BASE_PATH, HOST
from tests.relay.clients import PATIENCE_SECONDS, V1, Client
from tests.relay.event_source import Listening

_ENDED = (ConnectionClosed, InvalidStatus, ConnectionError, httpx.HTTPError, StopAsyncIteration)
NOTHING: Mapping[str, str] = MappingProxyType({})


def trusting(proxy: Proxy) -> ssl.SSLContext:
    """What a browser has that knows the certificate's authority."""
    context = ssl.create_default_context(cafile=proxy.tls.ca)
    context.set_alpn_protocols(["http/1.1"])
    return context


@asynccontextmanager
async def visitor(
    proxy: Proxy,
    *,
    source: str = LOOPBACK,
    says_first: bytes = b"",
    headers: Mapping[str, str] = NOTHING,
    secure: bool = False,
    organization: str = "",
    cursor: str = "",
) -> AsyncIterator[Client]:
    """A client of unionflow.v1 that has read its `welcome`.

    source: the address it comes from. says_first: bytes before all else, as of a load balancer
    that speaks the PROXY protocol.
    """
    port = proxy.ports.https if secure else proxy.ports.http
    line = await _line(port, source, says_first)
    scheme = "wss" if secure else "ws"
    url = f"{scheme}://{HOST}:{port}{BASE_PATH}/ws/dashboard?{_query(organization, cursor)}"
    async with connect(
        url,
        sock=line,
        ssl=trusting(proxy) if secure else None,
        server_hostname=HOST if secure else None,
        subprotocols=[Subprotocol(V1)],
        additional_headers=headers,
        compression=None,
        ping_interval=None,
        open_timeout=PATIENCE_SECONDS,
        close_timeout=1,
        proxy=None,
    ) as connection:
        one = Client(connection, V1)
        one.welcome = await one.frame()
        yield one


async def _line(port: int, source: str, says_first: bytes) -> socket.socket:
    line = socket.socket()
    line.setblocking(False)
    line.bind((source, 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, (LOOPBACK, port))
    if says_first:
        await loop.sock_sendall(line, says_first)
    return line


@asynccontextmanager
async def listener(proxy: Proxy, *, organization: str = "") -> AsyncIterator[Listening]:
    """A client of server-sent events. Raises httpx.HTTPStatusError where it is not let in."""
    query = _query(organization)
    url = f"http://{LOOPBACK}:{proxy.ports.http}{BASE_PATH}/sse/dashboard?{query}"
    sent = {"Host": HOST, "Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as http,  # each read has one
        http.stream("GET", url, headers=sent) as response,
    ):
        response.raise_for_status()
        yield Listening(response)


def _query(organization: str, cursor: str = "") -> str:
    said = {"organization": organization, "cursor": cursor}
    return urlencode({name: value for name, value in said.items() if value})


async def kept(proxy: Proxy) -> tuple[bool, bool]:
    """Whether an idle WebSocket and an idle stream are open for a second heartbeat.

    The first may come at once. A time-out may be so short that not even an answer comes through.
    """
    socket_kept, stream_kept = await asyncio.gather(_keeps(visitor(proxy)), _keeps(listener(proxy)))
    return socket_kept, stream_kept


async def _keeps(coming: AbstractAsyncContextManager[Client | Listening]) -> bool:
    with contextlib.suppress(*_ENDED):
        async with coming as one:
            await one.until("heartbeat")
            await one.until("heartbeat")
            return True
    return False
