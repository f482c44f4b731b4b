"""Everyone who is connected to this pod, those on their way out included."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.limits import Limits


class Crowd:
    """The open connections, from the handshake's answer until the socket is gone."""

    def __init__(self, metrics: RelayMetrics, limits: Limits[Peer]) -> None:
        self._metrics = metrics
        self._limits = limits
        self._peers: set[Peer] = set()
        self._empty = asyncio.Event()

    def come(self, peer: Peer) -> None:
        """A handshake was accepted."""
        self._peers.add(peer)
        self._empty.clear()
        self._metrics.connected(peer.dialect)

    def go(self, peer: Peer, code: int) -> None:
        """Its socket is gone. `code`: with which it was closed."""
        self._peers.discard(peer)
        if not self._peers:
            self._empty.set()
        self._metrics.closed(peer.dialect, code)
        self._limits.leave(peer)

    def close_all(self, code: int, reason: str) -> None:
        """Say goodbye to everyone who has not been said it."""
        for peer in list(self._peers):
            peer.close(code, reason)

    async def emptied(self) -> None:
        """Return when the last connection is gone."""
        if self._peers:
            await self._empty.wait()

    def __iter__(self) -> Iterator[Peer]:
        return iter(list(self._peers))

    def __len__(self) -> int:
        return len(self._peers)
