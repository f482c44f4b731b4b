"""How a client is met: as what it is served, and what it is told first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from uuid import uuid4

from unionflow_events import rfc3339
from unionflow_relay.adapters.websocket.listener import Listener
from unionflow_relay.adapters.websocket.peer import Owner, Peer
from unionflow_relay.core import dialects
from unionflow_relay.core.dialects import Dialect, Packing, Welcome
from unionflow_relay.core.event_stream import retry_ms
from unionflow_relay.core.handshake import Accepted


class Greeter:
    """Numbers the sessions of a pod. wall_clock: seconds since the epoch."""

    def __init__(self, heartbeat_seconds: int, wall_clock: Callable[[], float]) -> None:
        self._heartbeat_seconds = heartbeat_seconds
        self._now = wall_clock
        self._pod = uuid4().hex[:12]
        self._sessions = count(1)
        self._streams = count(1)
        self.tokens = False
        """Whether clients come with tokens."""

    def welcome(self, accepted: Accepted, cursor: str) -> bytes:
        """`welcome`; nothing in a dialect that has none."""
        dialect = accepted.view.dialect
        if not dialect.typed:
            return b""
        said = Welcome(
            session=f"{self._pod}-{next(self._sessions)}",
            cursor=cursor,
            heartbeat_seconds=self._heartbeat_seconds,
            server_time=rfc3339(int(self._now() * 1000)),
            user=accepted.user,
            organizations=accepted.view.listed_organizations(),
            tokens=self.tokens,
        )
        return dialects.welcome(said, dialect)

    def receive(
        self, owner: Owner, transport: asyncio.Transport, accepted: Accepted
    ) -> tuple[Peer, bytes]:
        """Who serves the client from here on, and the first bytes of the answer."""
        view, resume = accepted.view, accepted.resume
        if view.dialect is Dialect.SSE:
            listener = Listener(owner, transport, retry_ms(next(self._streams)))
            return listener, accepted.response + listener.preface
        awaits_cursor = resume is not None and resume.cursor is None
        deflate = view.packing is Packing.DEFLATED
        peer = Peer(owner, transport, view.dialect, awaits_cursor=awaits_cursor, deflate=deflate)
        return peer, accepted.response
