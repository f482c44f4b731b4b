"""Listening sockets, and what the kernel is told about those that they accept.

On Linux an accepted socket has the options of the one that listens: set once, they cost no
handshake a system call.
"""

from __future__ import annotations

import socket

BACKLOG = 4096  # a storm of reconnects waits here; the kernel caps it at net.core.somaxconn
KEEPALIVE_IDLE_SECONDS = 60
KEEPALIVE_INTERVAL_SECONDS = 15
KEEPALIVE_PROBES = 4
# Sent bytes that nobody acknowledges, and a window that stays shut, end a connection after this.
# Longer than a phone is in a tunnel, shorter than three heartbeats of 25 s.
USER_TIMEOUT_MS = 60_000
_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS),
)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a port in use is found before anything else starts.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for level, option, value in _OPTIONS:
            sock.setsockopt(level, option, value)
        sock.bind((host, port))
        sock.listen(BACKLOG)  # here, since two may bind one port but only one can listen
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
