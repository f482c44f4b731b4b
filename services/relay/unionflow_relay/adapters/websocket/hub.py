"""The clients of this pod: who they are, where they begin, and the writes that reach them.

Everything here is synchronous. Between two calls every client has been sent exactly what lies
before `positions`, so that joining, resuming and heartbeats need no lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from uuid import uuid4

from unionflow_events import rfc3339
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core import dialects, frames
from unionflow_relay.core.audience import AudienceIndex, View
from unionflow_relay.core.cursor import Cursor, Positions
from unionflow_relay.core.dialects import Dialect, TruncatedRange, Welcome
from unionflow_relay.core.fanout import fan_out
from unionflow_relay.core.handshake import Accepted
from unionflow_relay.core.relayed import Lane, Relayed, Slice
from unionflow_relay.core.resume import missed
from unionflow_relay.core.rota import Rota


@dataclass(frozen=True, slots=True)
class HubSettings:
    """heartbeat_seconds: the period of pings. send_buffer_bytes: where a client is too slow."""

    heartbeat_seconds: int
    send_buffer_bytes: int


class Hub:
    """All connected clients, and the partitions whose records they get."""

    def __init__(
        self,
        settings: HubSettings,
        metrics: RelayMetrics,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._now = wall_clock
        self._audience: AudienceIndex[Peer] = AudienceIndex()
        self._awaiting_cursor: dict[Peer, Accepted] = {}
        self._rota: Rota[Peer] = Rota(settings.heartbeat_seconds)
        self._lanes: dict[Lane, None] = {}
        self._positions = Positions()
        self._open = 0
        self._pod = uuid4().hex[:12]
        self._sessions = count(1)
        self._empty = asyncio.Event()

    # What the source says

    def follow(self, lane: Lane, next_offset: int) -> None:
        """Records of one more partition will come, from `next_offset` on."""
        self._lanes[lane] = None
        self._positions.assign(lane.short_id, lane.partition, next_offset)

    def give_up(self, short_id: str, ranges: Sequence[TruncatedRange]) -> None:
        """A topic is gone. The clients are told before anything of its successor reaches them."""
        self._lanes = {lane: None for lane in self._lanes if lane.short_id != short_id}
        self._positions.forget(short_id)
        self._declare(ranges)

    def skip(self, lane: Lane, next_offset: int, gap: TruncatedRange) -> None:
        """Records before `next_offset` are no longer in Kafka."""
        self._positions.advance(lane.short_id, lane.partition, next_offset)
        self._declare([gap])

    def deliver(self, piece: Slice) -> None:
        """Write a slice to whom it is for. Raises nothing: a client in trouble leaves."""
        if piece.records:
            self._write(piece.records)
        for lane, next_offset in piece.progress.items():
            self._positions.advance(lane.short_id, lane.partition, next_offset)

    def _write(self, records: Sequence[Relayed]) -> None:
        plan = fan_out(records, self._audience)
        for write in plan.writes:
            data = write.data
            for peer in write.members:
                peer.transport.write(data)
        self._metrics.delivered(plan.deliveries, plan.delivered, self._now())

    def _declare(self, ranges: Sequence[TruncatedRange]) -> None:
        frame = dialects.truncated(self._positions.text(), ranges)
        for peer in list(self._audience):
            if peer.dialect is Dialect.V1:
                peer.transport.write(frame)

    # What the clients say

    def admit(self, transport: asyncio.Transport, accepted: Accepted) -> Peer:
        """Answer a handshake that was accepted: the client is served from here on."""
        dialect = accepted.view.dialect
        awaits_cursor = accepted.resume is not None and accepted.resume.cursor is None
        peer = Peer(self, transport, dialect, awaits_cursor=awaits_cursor)
        transport.set_write_buffer_limits(high=self._settings.send_buffer_bytes)
        transport.set_protocol(peer)
        self._open += 1
        self._empty.clear()
        self._metrics.connected(dialect)
        if accepted.close is not None:
            transport.write(accepted.response)
            peer.close(*accepted.close)
        elif awaits_cursor:
            self._awaiting_cursor[peer] = accepted
            transport.write(accepted.response)
        else:
            cursor = accepted.resume.cursor if accepted.resume else None
            transport.write(accepted.response + self._opening(accepted, cursor))
            self._seat(peer, accepted)
        return peer

    def on_resume(self, peer: Peer, cursor: Cursor) -> None:
        """The cursor that was awaited came: `welcome` and the rest, then live."""
        accepted = self._awaiting_cursor.pop(peer)
        peer.cursor_came()
        peer.transport.write(self._opening(accepted, cursor))
        self._seat(peer, accepted)

    def _seat(self, peer: Peer, accepted: Accepted) -> None:
        self._audience.join(peer, accepted.view, accepted.user)
        self._rota.add(peer)

    def on_subscribe(self, peer: Peer, event_types: frozenset[str] | None) -> None:
        """Narrow what a client gets, from the next record on, and say so."""
        if peer not in self._audience:
            return
        view = replace(self._audience.view_of(peer), event_types=event_types)
        self._audience.join(peer, view, self._audience.user_of(peer))
        organizations = view.listed_organizations()
        peer.transport.write(dialects.access(organizations, event_types, self._positions.text()))

    def on_leaving(self, peer: Peer) -> None:
        """Send this client nothing more."""
        self._audience.leave(peer)
        self._awaiting_cursor.pop(peer, None)
        self._rota.remove(peer)

    def on_closed(self, peer: Peer, code: int) -> None:
        """Count a connection that is gone."""
        self._open -= 1
        if not self._open:
            self._empty.set()
        self._metrics.closed(peer.dialect, code)

    def _opening(self, accepted: Accepted, cursor: Cursor | None) -> bytes:
        if accepted.view.dialect is not Dialect.V1:
            return b""
        opening = self._welcome(accepted.view, accepted.user)
        if cursor is None:
            return opening
        ranges = missed(cursor, self._next_offsets())
        verdict = "truncated" if ranges else "recovered"
        self._metrics.replays.labels(verdict).inc()
        if ranges:
            return opening + dialects.truncated(self._positions.text(), ranges)
        return opening + dialects.recovered(0, self._positions.text())

    def _welcome(self, view: View, user: str | None) -> bytes:
        return dialects.welcome(
            Welcome(
                session=f"{self._pod}-{next(self._sessions)}",
                cursor=self._positions.text(),
                heartbeat_seconds=self._settings.heartbeat_seconds,
                server_time=rfc3339(int(self._now() * 1000)),
                user=user,
                organizations=view.listed_organizations(),
            )
        )

    def _next_offsets(self) -> Sequence[tuple[Lane, int]]:
        return [(lane, self._positions.of(lane.short_id, lane.partition)) for lane in self._lanes]

    # What time says

    def on_second(self) -> None:
        """A second has passed: those whose turn it is get their ping and heartbeat."""
        due = self._rota.turn()
        if not due:
            return
        plain = frames.PING_FRAME
        v1 = plain + dialects.heartbeat(self._positions.text())
        for peer in due:
            peer.on_heartbeat(v1 if peer.dialect is Dialect.V1 else plain)

    def close_all(self, code: int, reason: str) -> None:
        """Say goodbye to everyone."""
        for peer in [*self._audience, *self._awaiting_cursor]:
            peer.close(code, reason)

    async def emptied(self) -> None:
        """Return when the last connection is gone."""
        if self._open:
            await self._empty.wait()

    def __len__(self) -> int:
        """Open connections, those on their way out included."""
        return self._open
