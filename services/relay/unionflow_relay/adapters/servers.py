"""The two uvicorn servers of one process: the clients' side and the management side."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from unionflow_relay.adapters.websocket.acceptor import Acceptor, Door

BACKLOG = 4096  # a storm of reconnects waits here; the kernel caps it at net.core.somaxconn


class Server(uvicorn.Server):
    """A server among others: signals are the process's own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a port in use is found before anything else starts.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)  # here, since two may bind one port but only one can listen
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def client_server(door: Door) -> Server:
    """Serves WebSockets. The ASGI application is never called: the acceptor answers everything."""
    protocol: Callable[..., Any] = partial(Acceptor, door)
    return Server(_config(_no_application, http=protocol))


def management_server(app: FastAPI) -> Server:
    """Serves health and metrics."""
    return Server(_config(app, http="httptools"))


def _config(app: Any, http: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=2,
    )


async def _no_application(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("the client side has no ASGI application")
