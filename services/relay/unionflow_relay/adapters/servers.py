"""The two uvicorn servers of one process: the clients' side and the management side."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from unionflow_relay.adapters.sockets import BACKLOG
from unionflow_relay.adapters.websocket.acceptor import Acceptor, Door


class Server(uvicorn.Server):
    """A server among others: signals are the process's own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


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
