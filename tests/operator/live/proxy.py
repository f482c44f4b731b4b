"""A TCP proxy that can go deaf: connections stay open, and what the server sends is kept back."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024


class FreezingProxy:
    """Between an operator and its API server. Used as a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._asked_at: dict[socket.socket, float] = {}
        self._frozen: set[socket.socket] = set()
        self._over = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over = True
        self._listener.shutdown(socket.SHUT_RDWR)  # which ends its thread's wait
        self._listener.close()
        for client in list(self._asked_at):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def freeze_watches(self, quiet_seconds: float) -> int:
        """Keep back what comes on connections whose client has been quiet so long; their number."""
        before = time.monotonic() - quiet_seconds
        self._frozen |= {client for client, at in self._asked_at.items() if at < before}
        return len(self._frozen)

    def _run(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._asked_at[client] = time.monotonic()
            for one, other in ((client, server), (server, client)):
                self._run(self._pump, one, other, client)

    def _pump(self, one: socket.socket, other: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(_CHUNK):
                if one is client:
                    self._asked_at[client] = time.monotonic()
                elif client in self._frozen:
                    continue  # as a network does that has lost its state: nobody is told
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # the other direction's thread ends too
        if self._asked_at.pop(client, None) is None:  # it has: this is the second of the two
            one.close()
            other.close()
