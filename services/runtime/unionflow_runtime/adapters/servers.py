"""uvicorn servers that share one process with each other and with other work."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

import uvicorn

from unionflow_runtime.adapters.sockets import BACKLOG


class Server(uvicorn.Server):
    """A server among others: signals are the process's own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


def http_server(app: Any, *, http: Any = "httptools", lifespan: str = "off") -> Server:
    """Serves an ASGI application. http: uvicorn's name of a protocol, or a protocol's class."""
    return Server(
        uvicorn.Config(
            app,
            http=http,
            ws="none",
            lifespan=lifespan,  # type: ignore[arg-type]  # uvicorn names its three words in a Literal
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=2,
        )
    )
