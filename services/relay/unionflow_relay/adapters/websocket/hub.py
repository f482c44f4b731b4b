"""The clients of this pod: who they are, where they begin, and the writes that reach them.

Everything here is synchronous. Between two calls every live client has been sent exactly what
lies before `positions`, so that joining, resuming and heartbeats need no lock. Clients that are
not live yet, or no longer, are in `replays`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.spans import DeliverySpans
from unionflow_relay.adapters.websocket.crowd import Crowd
from unionflow_relay.adapters.websocket.greeter import Greeter
from unionflow_relay.adapters.websocket.ledger import UnsentCeiling
from unionflow_relay.adapters.websocket.lobby import Lobby
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.adapters.websocket.replays import Replays
from unionflow_relay.adapters.websocket.rights import Rights
from unionflow_relay.adapters.websocket.tickets import Ticket
from unionflow_relay.core import dialects, event_stream
from unionflow_relay.core.audience import AudienceIndex, View
from unionflow_relay.core.cursor import Cursor
from unionflow_relay.core.dialects import (
    TYPED,
    Dialect,
    Form,
    TruncatedRange,
    TruncationReason,
)
from unionflow_relay.core.fanout import fan_out
from unionflow_relay.core.handshake import Accepted
from unionflow_relay.core.history import History
from unionflow_relay.core.lanes import Lane, Positions, cursor_text
from unionflow_relay.core.limits import Limit
from unionflow_relay.core.rates import Pace
from unionflow_relay.core.relayed import Slice
from unionflow_relay.core.resume import Standing, names_unknown_lanes, plan_resume
from unionflow_relay.core.rota import Rota


@dataclass(frozen=True, slots=True)
class HubSettings:
    """heartbeat_seconds: the period of pings. send_buffer_bytes: where a client is too slow.

    message_pace: how often a client may say something; None for no limit.
    """

    heartbeat_seconds: int
    send_buffer_bytes: int
    message_pace: Pace | None = None


class Hub:
    """All connected clients, and the partitions whose records they get."""

    replays: Replays
    look: Callable[[], None]

    def __init__(
        self,
        settings: HubSettings,
        metrics: RelayMetrics,
        history: History,
        crowd: Crowd,
        unsent: UnsentCeiling,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self.message_pace = settings.message_pace
        self._crowd = crowd
        self._unsent = unsent
        self._metrics = metrics
        self._history = history
        self._now = wall_clock
        self._audience: AudienceIndex[Peer] = AudienceIndex()
        self._lobby = Lobby()
        self._rota: Rota[Peer] = Rota(settings.heartbeat_seconds)
        self._positions = Positions()
        self._earliest: dict[Lane, int] = {}
        self._delivering = False
        self._slowed: list[Ticket] = []
        self._greeter = Greeter(settings.heartbeat_seconds, wall_clock)
        self._rights: Rights | None = None
        self.spans: DeliverySpans | None = None

    def join_rights(self, rights: Rights) -> None:
        """Clients come with tokens from now on."""
        self._rights = rights
        self._greeter.tokens = True

    def join_replays(self, replays: Replays, look: Callable[[], None]) -> None:
        """Complete the circle. `look`: asks the source to look at Kafka's topics soon."""
        self.replays = replays
        self.look = look

    # What the source says

    def follow(self, lane: Lane, next_offset: int) -> None:
        """Records of one more partition will come, from `next_offset` on."""
        self._positions.assign(lane, next_offset)
        self._history.follow(lane, next_offset)
        self.replays.follow(lane, next_offset)

    def looked(self) -> None:
        """Kafka's topics were looked at: what is still not there is gone."""
        beginning, others_wait = self._lobby.looked()
        for peer, accepted, cursor in beginning:
            self._begin(peer, accepted, cursor)
        if others_wait:
            self.look()

    def retains(self, lane: Lane, earliest: int) -> None:
        """Kafka has a partition's records from `earliest` on."""
        self._earliest[lane] = earliest

    def give_up(self, short_id: str, ranges: Sequence[TruncatedRange]) -> None:
        """A topic is gone. The clients are told before anything of its successor reaches them."""
        self._positions.forget(short_id)
        self._history.forget(short_id)
        self._earliest = {k: v for k, v in self._earliest.items() if k.short_id != short_id}
        self.replays.give_up(short_id)
        self._declare(ranges)

    def skip(self, lane: Lane, next_offset: int, gap: TruncatedRange) -> None:
        """Records before `next_offset` are no longer in Kafka."""
        if self._rights is not None:
            self._rights.on_gap(lane)
        self._positions.advance(lane, next_offset)
        self._history.skip(lane, next_offset)
        if gap.reason is TruncationReason.BEYOND_END:
            self.replays.set_back(lane, next_offset)
        self._declare([gap])

    def deliver(self, piece: Slice) -> None:
        """Write a slice to whom it is for. Raises nothing: a client in trouble leaves."""
        if piece.rulings and self._rights is not None:
            self._rights.suspend(piece.rulings)
        self._delivering = True
        if piece.records and len(self._audience):
            self._write(piece)
        self._delivering = False
        starts = self._starts(piece) if self.replays.anyone else None
        for lane, next_offset in piece.progress.items():
            self._positions.advance(lane, next_offset)
        self._history.append(piece)
        if starts is not None:
            self.replays.passed(starts, piece)
        if self._slowed:
            slowed, self._slowed = self._slowed, []
            for ticket in slowed:
                self._fall_behind(ticket)
        if piece.rulings and self._rights is not None:
            self._rights.restore(piece.rulings)

    def _starts(self, piece: Slice) -> Mapping[Lane, int]:
        """Where the slice begins on each of its lanes."""
        return {
            lane: self._positions.offsets.get(lane, end) for lane, end in piece.progress.items()
        }

    def _write(self, piece: Slice) -> None:
        began = self._now() if piece.causes else 0.0
        plan = fan_out(piece.records, self._audience)
        written: list[bytes] = []
        mark = b""
        for write in plan.writes:
            data = write.data
            if write.form is Form.SSE:
                mark = mark or self._mark(piece)
                data += mark
            written.append(data)
            for peer in write.members:
                peer.write(data)
        self._unsent.note_all(written)
        self._metrics.delivered(plan.deliveries, plan.delivered, self._now(), piece.causes)
        if piece.causes and self.spans is not None:
            self.spans.on_written(piece, plan, began)
        for record in plan.delivered:
            record.release_frames()

    def _mark(self, piece: Slice) -> bytes:
        """Whoever has read all of the slice comes back after it."""
        return event_stream.mark(cursor_text({**self._positions.offsets, **piece.progress}))

    def _declare(self, ranges: Sequence[TruncatedRange]) -> None:
        said = {d: dialects.truncated(self._positions.text(), ranges, d) for d in TYPED}
        for peer in list(self._audience):
            if peer.dialect.typed:
                peer.write(said[peer.dialect])

    # What the clients say

    def admit(self, transport: asyncio.Transport, accepted: Accepted) -> Peer:
        """Answer a handshake that was accepted: the client is served from here on."""
        resume = accepted.resume
        peer, response = self._greeter.receive(self, transport, accepted)
        transport.set_write_buffer_limits(high=self._settings.send_buffer_bytes)
        transport.set_protocol(peer)
        self._crowd.come(peer)
        if accepted.badge is not None and self._rights is not None:
            self._rights.hold(peer, accepted.badge)
        if accepted.close is not None:
            peer.write(response)
            peer.close(*accepted.close)
        elif resume is None:
            peer.write(response + self._greeter.welcome(accepted, self._positions.text()))
            self._audience.join(peer, accepted.view, accepted.user)
            self._rota.add(peer)
        else:
            peer.write(response)
            if resume.cursor is None:
                self._lobby.await_cursor(peer, accepted)
            else:
                self._resume(peer, accepted, resume.cursor)
        return peer

    def on_resume(self, peer: Peer, cursor: Cursor) -> None:
        """The cursor that was awaited came."""
        peer.cursor_came()
        self._resume(peer, self._lobby.cursor_came(peer), cursor)

    def _resume(self, peer: Peer, accepted: Accepted, cursor: Cursor) -> None:
        if names_unknown_lanes(cursor, self._standings()):
            self._lobby.await_looks(peer, accepted, cursor)
            self.look()
        else:
            self._begin(peer, accepted, cursor)

    def _begin(self, peer: Peer, accepted: Accepted, cursor: Cursor) -> None:
        """`welcome`, `truncated` where it applies, and on the way to now."""
        plan = plan_resume(cursor, list(self._standings()))
        requested = cursor_text(plan.requested)
        opening = self._greeter.welcome(accepted, requested)
        if accepted.changed:
            opening += self._access(peer, accepted.view, requested)
        if plan.gaps:
            opening += dialects.truncated(cursor_text(plan.wanted), plan.gaps, peer.dialect)
        self._metrics.replays.labels("truncated" if plan.gaps else "whole").inc()
        peer.write(opening)
        self._rota.add(peer)
        conflate = accepted.resume.conflate if accepted.resume else frozenset()
        ticket = Ticket(
            peer,
            accepted.view,
            accepted.user,
            dict(plan.wanted),
            announce=True,
            conflate=conflate,
        )
        if plan.wanted == self._positions.offsets:
            self.land(ticket, accepted.view)
        else:
            self.replays.board(ticket)

    def positions(self) -> Mapping[Lane, int]:
        """The next offset of every lane that live clients will get."""
        return self._positions.offsets

    def land(self, ticket: Ticket, view: View) -> None:
        """The client has everything before `positions`: it is live from here on."""
        peer = ticket.peer
        if ticket.announce and peer.dialect.typed:
            conflated = ticket.conflated if ticket.conflate else None
            now = self._positions.text()
            peer.write(dialects.recovered(ticket.replayed, conflated, now, peer.dialect))
        self._audience.join(peer, view, ticket.user)
        if peer.paused:
            self.on_slow(peer)

    def on_subscribe(self, peer: Peer, event_types: frozenset[str] | None) -> None:
        """Narrow what a client gets, from the next record on, and say so."""
        view = self._view_of(peer)
        if view is not None:
            self._show(peer, replace(view, event_types=event_types))

    def on_refresh(self, peer: Peer, token: str) -> None:
        """A client has a new token."""
        if self._rights is None:
            peer.answer(dialects.error("no_tokens", "this relay runs without tokens"))
        else:
            self._rights.on_refresh(peer, token)

    def see(self, peer: Peer, organizations: frozenset[str], *, say: bool) -> None:
        """Show a client these organisations from its next record on.

        say: tell it so even where they are what it saw before.
        """
        view = self._view_of(peer)
        if view is not None:
            changed = view.organizations != organizations
            if changed or say:
                self._show(peer, replace(view, organizations=organizations))

    def is_welcomed(self, peer: Peer) -> bool:
        """Whether the client has been told `welcome`, which comes before all else."""
        return self._lobby.view_of(peer) is None

    def _view_of(self, peer: Peer) -> View | None:
        if peer in self._audience:
            return self._audience.view_of(peer)
        ticket = self.replays.ticket_of(peer)
        return self._lobby.view_of(peer) if ticket is None else ticket.view

    def _show(self, peer: Peer, view: View) -> None:
        """Change what a client gets, from its next record on, and say so."""
        ticket = self.replays.ticket_of(peer)
        if ticket is not None:
            self.replays.see(ticket, view)
            cursor = ticket.cursor()
        elif peer in self._audience:
            self._audience.join(peer, view, self._audience.user_of(peer))
            cursor = self._positions.text()
        else:
            self._lobby.see(peer, view)
            return
        if peer.dialect.typed:
            peer.answer(self._access(peer, view, cursor))

    def _access(self, peer: Peer, view: View, cursor: str) -> bytes:
        expires_at = None if self._rights is None else self._rights.expires_at(peer)
        organizations = view.listed_organizations()
        return dialects.access(organizations, view.event_types, cursor, expires_at, peer.dialect)

    def on_slow(self, peer: Peer) -> None:
        """A live client cannot take more now: it goes on from here when it can."""
        if peer not in self._audience:
            return
        view, user = self._audience.view_of(peer), self._audience.user_of(peer)
        self._audience.leave(peer)
        ticket = Ticket(peer, view, user, {}, announce=False)
        if self._delivering:
            self._slowed.append(ticket)  # the slice that is being written is the last it has
        else:
            self._fall_behind(ticket)

    def _fall_behind(self, ticket: Ticket) -> None:
        if not ticket.peer.closing:
            ticket.wanted = dict(self._positions.offsets)
            self.replays.board(ticket)

    def on_flood(self, peer: Peer) -> None:
        """The client says more than it may."""
        self._metrics.limited.labels(Limit.MESSAGES.value).inc()
        peer.close(4429, "too many messages")

    def on_drained(self, peer: Peer) -> None:
        """The client can take more again."""
        self.replays.on_drained(peer)

    def on_leaving(self, peer: Peer) -> None:
        """Send this client nothing more."""
        self._audience.leave(peer)
        self.replays.leave(peer)
        self._lobby.leave(peer)
        self._rota.remove(peer)
        if self._rights is not None:
            self._rights.drop(peer)

    def on_closed(self, peer: Peer, code: int) -> None:
        """Count a connection that is gone."""
        self._crowd.go(peer, code)

    def _standings(self) -> Iterator[Standing]:
        for lane, live in self._positions.offsets.items():
            yield Standing(lane, min(self._earliest.get(lane, 0), live), live)

    # What time says

    def on_second(self) -> None:
        """A second has passed: those whose turn it is get their ping and heartbeat."""
        self.replays.on_second()
        self._unsent.check()
        if self._rights is not None:
            self._rights.on_second()
        for peer in self._lobby.on_second():
            peer.close(1013, "Kafka is away: whether a topic is gone cannot be said now")
        due = self._rota.turn()
        if not due:
            return
        live = {d: dialects.beat(self._positions.text(), d) for d in Dialect}
        for peer in due:
            frame, ticket = live[peer.dialect], self.replays.ticket_of(peer)
            if ticket is not None:
                frame = dialects.beat(ticket.cursor(), peer.dialect)
            peer.on_heartbeat(frame)

    def residents(self) -> tuple[Sequence[Peer], Sequence[Peer]]:
        """Who has had `welcome`, so that more can be said, and who has not."""
        welcomed = [*self._audience, *self.replays.peers()]
        told = [peer for peer in welcomed if peer.dialect.typed]
        plain = [peer for peer in welcomed if not peer.dialect.typed]
        return told, [*plain, *self._lobby.peers()]
