"""Free ports for brokers, and who holds a port that is not free."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

import psutil

from unionflow_cli.kafka.core.properties import LOOPBACK

# Below Linux's range for outgoing connections (32768 to 60999): while a broker is down, no client
# may be given its port for a connection of its own, not even one to that very port, which would
# then talk to itself.
FIRST, LAST = 20000, 32000


def free_ports(count: int) -> list[int]:
    """As many different ports that nobody listens on now."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            # Chance, so that two at once hardly meet.
            port = random.randint(FIRST, LAST)  # noqa: S311  # no secret
            server = held.enter_context(socket.socket())
            try:
                server.bind((LOOPBACK, port))
            except OSError:
                continue
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as server:
        # As servers do: connections that linger in TIME_WAIT are in nobody's way.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Who listens on a port, for a person to read: `java (process 1234 of anna)`.

    Without root, another user's processes cannot be seen.
    """
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN or connection.laddr[1:] != (port,):
            continue
        if connection.pid is None:
            break
        try:
            process = psutil.Process(connection.pid)
            return f"{process.name()} (process {process.pid} of {process.username()})"
        except psutil.NoSuchProcess:
            break
    return "a process of another user"
