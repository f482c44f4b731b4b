"""Brings clients from where they are to now.

Clients that come back together share one read (core/convoy), and convoys share what they read
(past). Live delivery waits for none of it: bytes are written a megabyte at a time, and whoever
cannot take them leaves the convoy and goes on later, from where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.past import Past
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.adapters.websocket.tickets import Boarding, Kind, Ticket
from unionflow_relay.core import dialects
from unionflow_relay.core.audience import View
from unionflow_relay.core.conflation import Newest, short_of
from unionflow_relay.core.convoy import Convoy, Passenger, magnitude
from unionflow_relay.core.dialects import Form, TruncatedRange, TruncationReason
from unionflow_relay.core.fanout import Write
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.marks import MARK_EVENTS, Marks
from unionflow_relay.core.relayed import Lost, Relayed, Slice, portions

TURN_BYTES = 1024 * 1024  # written to replaying clients before live ones get their turn
LANDING_CHUNK = 100
STALL_SECONDS = 10.0
AHEAD_SECONDS = 10.0  # a pod behind a client's cursor asks so often whether Kafka has it
ROOM_SECONDS = 0.5  # that a turn waits at most while clients have much to read
ROOM_POLL_SECONDS = 0.02


class Unsent(Protocol):
    """How much was written that clients have not read."""

    def crowded(self) -> bool:
        """Whether so much is unsent that whoever can wait should."""

    def note_all(self, written: Sequence[bytes]) -> None:
        """Each of these, once each, was written to some clients."""


class LiveSide(Protocol):
    """Where clients go when they have caught up."""

    def positions(self) -> Mapping[Lane, int]:
        """The next offset of every lane that live clients will get."""

    def land(self, ticket: Ticket, view: View) -> None:
        """The client has everything before `positions`: it is live from here on."""


class Replays:
    """Every client that is not live. All calls but `run` are synchronous."""

    def __init__(
        self,
        live: LiveSide,
        past: Past,
        unsent: Unsent,
        metrics: RelayMetrics,
        clock: Callable[[], float],
    ) -> None:
        self._live = live
        self._past = past
        self._unsent = unsent
        self._metrics = metrics
        self._clock = clock
        self._tickets: dict[Peer, Ticket] = {}
        self._convoys: set[Convoy[Peer]] = set()
        self._boarding = Boarding(self._set_out)
        self._turn = asyncio.Lock()
        states: Mapping[str, Callable[[], int]] = {
            "going": lambda: sum(map(len, self._convoys)),
            "waiting": lambda: len(self._boarding),
            "slow": lambda: sum(t.peer.paused for t in self._tickets.values()),
        }
        for state, number in states.items():
            metrics.replaying.labels(state).set_function(number)

    # Who is here

    def board(self, ticket: Ticket) -> None:
        """Take a client in. One that cannot take bytes now goes on when its buffer is drained."""
        self._tickets[ticket.peer] = ticket
        if ticket.peer.paused:
            self._park(ticket)
        else:
            self._queue(ticket)

    def leave(self, peer: Peer) -> None:
        """Forget a client. One who is not here is no error."""
        ticket = self._tickets.pop(peer, None)
        if ticket is not None:
            self._boarding.remove(ticket)
            if ticket.convoy is not None:
                ticket.convoy.leave(peer)

    @property
    def anyone(self) -> bool:
        """Whether some client is not live."""
        return bool(self._tickets)

    def peers(self) -> Iterable[Peer]:
        """Everyone here."""
        return self._tickets.keys()

    @property
    def convoys(self) -> int:
        """How many are under way."""
        return len(self._convoys)

    def ticket_of(self, peer: Peer) -> Ticket | None:
        """The ticket of a client that is not live."""
        return self._tickets.get(peer)

    def see(self, ticket: Ticket, view: View) -> None:
        """Change what a client gets, from the next write on."""
        ticket.view = view
        if ticket.convoy is not None:
            ticket.convoy.see(ticket.peer, view, ticket.user)

    def on_drained(self, peer: Peer) -> None:
        """The client's buffer has room again: it goes on from where it stopped."""
        ticket = self._tickets.get(peer)
        if ticket is not None and ticket.convoy is None:
            self._queue(ticket)

    def on_second(self) -> None:
        """A second has passed: close whoever took nothing for STALL_SECONDS."""
        now = self._clock()
        self._past.on_second()
        for ticket in [t for t in self._tickets.values() if t.convoy is None and not t.waiting]:
            buffered = ticket.peer.transport.get_write_buffer_size()
            if buffered < ticket.buffered:
                ticket.stalled_since = now
            elif now - ticket.stalled_since >= STALL_SECONDS:
                ticket.peer.close(4408, "too slow: nothing was taken for some seconds")
            ticket.buffered = buffered

    # What the source says

    def passed(self, starts: Mapping[Lane, int], piece: Slice) -> None:
        """Live clients have had this; of each lane it begins at `starts`. Not needed for nobody."""
        self._past.keep(starts, piece)

    def follow(self, lane: Lane, next_offset: int) -> None:
        """A partition was added: it is new to everyone here."""
        for convoy in self._convoys:
            convoy.follow(lane, next_offset)
        for ticket in self._tickets.values():
            if ticket.convoy is None:
                ticket.wanted[lane] = next_offset

    def set_back(self, lane: Lane, end: int) -> None:
        """A partition was cut to `end`: whoever was past it is told, and goes on from there."""
        self._past.cut(lane, end)
        for convoy in self._convoys:
            self._set_back(convoy, {lane: end})
        for ticket in self._tickets.values():
            at = ticket.wanted.get(lane, end)
            if ticket.convoy is None and at > end:
                ticket.wanted[lane] = end
                reason = TruncationReason.BEYOND_END
                _tell(ticket, [TruncatedRange(lane.topic, lane.partition, at, end, reason)])

    def give_up(self, short_id: str) -> None:
        """A topic is gone: each client is told what it had not yet got of it."""
        self._past.give_up(short_id)
        lost: list[tuple[Ticket, Sequence[TruncatedRange]]] = []
        for ticket in self._tickets.values():
            lost.append((ticket, _replaced(ticket.progress(), short_id)))
            if ticket.convoy is None:
                ticket.wanted = {k: v for k, v in ticket.wanted.items() if k.short_id != short_id}
        for convoy in self._convoys:
            convoy.give_up(short_id)
        for ticket, gaps in lost:
            _tell(ticket, gaps)

    # The way to now

    async def run(self) -> None:
        """Serve those who board, for ever."""
        await self._boarding.run()

    def _set_out(
        self, kind: Kind, tickets: Sequence[Ticket], free: asyncio.Event
    ) -> Coroutine[object, object, None]:
        """Make a convoy, at once: a client that leaves before it is driven leaves the convoy.

        free: set when there is nothing more to read for them, for now.
        """
        passengers = (Passenger(t.peer, t.view, t.user, t.wanted) for t in tickets)
        convoy = Convoy(passengers, self._live.positions())
        for ticket in tickets:
            ticket.convoy = convoy
        self._convoys.add(convoy)
        return self._drive(convoy, kind.conflate, free)

    async def _drive(
        self, convoy: Convoy[Peer], conflate: frozenset[str], free: asyncio.Event
    ) -> None:
        newest = Newest(conflate)
        try:
            if conflate:
                await self._scan(convoy, newest)
            await self._bring_to_now(convoy, newest, free)
        finally:
            self._convoys.discard(convoy)

    async def _scan(self, convoy: Convoy[Peer], newest: Newest) -> None:
        reading = dict(convoy.reading)
        while short_of(reading, self._live.positions()):
            async for _, piece in self._past.pieces(reading):
                if isinstance(piece, Lost):
                    reading[piece.lane] = piece.earliest
                    continue
                newest.scan(piece.records)
                reading.update(piece.progress)

    async def _bring_to_now(
        self, convoy: Convoy[Peer], newest: Newest, free: asyncio.Event
    ) -> None:
        waiting_since = self._clock()
        while len(convoy):
            if short_of(convoy.reading, self._live.positions()):
                async for source, piece in self._past.pieces(convoy.reading):
                    if isinstance(piece, Lost):
                        self._lose(convoy, piece)
                        continue
                    for part in portions(piece, MARK_EVENTS):
                        await self._send(convoy, part, newest, source)
            elif await self._land(convoy):
                waiting_since = self._clock()
            else:  # whoever is left is ahead of this pod, which has yet to get there
                free.set()
                if self._clock() - waiting_since > AHEAD_SECONDS:
                    self._set_back(convoy, await self._past.ends(convoy.waited_for()))
                    waiting_since = self._clock()
                await asyncio.sleep(0.05)

    async def _send(self, convoy: Convoy[Peer], piece: Slice, newest: Newest, source: str) -> None:
        """Write a piece to whom it is for, a turn at a time.

        The turn goes from convoy to convoy: between two of them live clients have theirs.
        """
        kept, left_out = newest.split(piece.records)
        dealing = convoy.deal(kept, piece.progress)
        marks = Marks(convoy)
        more = True
        while more:
            await self._until_room()
            async with self._turn:
                marks.forget()
                more = self._write_some(convoy, dealing, marks, source)
                if not more:
                    self._arrive(convoy, piece, left_out)
                await asyncio.sleep(0)

    def _write_some(
        self,
        convoy: Convoy[Peer],
        dealing: Iterator[tuple[Peer, Write[Peer]]],
        marks: Marks[Peer],
        source: str,
    ) -> bool:
        """One turn's bytes. False when that was all."""
        written = events = 0
        distinct: dict[int, bytes] = {}
        for peer, write in dealing:
            ticket = self._tickets.get(peer)
            if ticket is None or ticket.convoy is not convoy:
                continue  # it left while others were written to
            if peer.paused:
                self._park(ticket)
                continue
            convoy.serve(peer)
            for data in (write.data, marks.of(peer)) if write.form is Form.SSE else (write.data,):
                peer.write(data)  # apart, since others share the events and not the mark
                distinct[id(data)] = data
            ticket.replayed += len(write.indices)
            events += len(write.indices)
            written += len(write.data)
            if written >= TURN_BYTES:
                break
        self._unsent.note_all(list(distinct.values()))
        self._metrics.replayed.labels(source).inc(events)
        return written >= TURN_BYTES

    def _arrive(self, convoy: Convoy[Peer], piece: Slice, left_out: Sequence[Relayed]) -> None:
        for peer, left in convoy.count(left_out).items() if left_out else ():
            self._tickets[peer].conflated += left
        convoy.arrive(piece.progress)
        for record in piece.records:
            record.release_frames()

    async def _until_room(self) -> None:
        """Wait a little while clients have much to read, so that nobody is cut off for more.

        Not for ever, or the slowest would hold up everyone: then the ceiling sends those away.
        """
        if not self._unsent.crowded():
            return
        self._metrics.replay_waits.inc()
        last_moment = self._clock() + ROOM_SECONDS
        while self._clock() < last_moment:
            await asyncio.sleep(ROOM_POLL_SECONDS)
            if not self._unsent.crowded():
                return

    async def _land(self, convoy: Convoy[Peer]) -> bool:
        """Make those live who are at now. False if there was nobody."""
        landed = False
        while chunk := next(convoy.parts(LANDING_CHUNK), ()):
            if short_of(convoy.reading, self._live.positions()):
                return True
            for peer in chunk:
                ticket = self._tickets.pop(peer)
                view = convoy.audience.view_of(peer)
                convoy.leave(peer)
                self._live.land(ticket, view)
            landed = True
            await asyncio.sleep(0)
        return landed

    def _lose(self, convoy: Convoy[Peer], lost: Lost) -> None:
        """What is gone beyond what is live, live clients are told: nobody gets ahead of them."""
        earliest = min(lost.earliest, self._live.positions()[lost.lane])
        for peer, gap in convoy.lose(lost.lane, earliest, lost.reason):
            _tell(self._tickets[peer], [gap])

    def _set_back(self, convoy: Convoy[Peer], ends: Mapping[Lane, int]) -> None:
        """Only an unclean election can leave a cursor beyond the end: that is said, then live."""
        for peer, gaps in convoy.set_back(ends):
            _tell(self._tickets[peer], gaps)

    def _queue(self, ticket: Ticket) -> None:
        behind = magnitude(ticket.wanted, self._live.positions())
        in_memory = self._past.is_in_memory(ticket.wanted)
        self._boarding.add(ticket, Kind(in_memory, ticket.conflate, behind))

    def _park(self, ticket: Ticket) -> None:
        """Keep a client that cannot take bytes now, until `on_drained`."""
        if ticket.convoy is not None:
            ticket.wanted = dict(ticket.convoy.progress_of(ticket.peer))
            ticket.convoy.leave(ticket.peer)
            ticket.convoy = None
        ticket.stalled_since = self._clock()
        ticket.buffered = ticket.peer.transport.get_write_buffer_size()


def _tell(ticket: Ticket, gaps: Sequence[TruncatedRange]) -> None:
    dialect = ticket.peer.dialect
    if gaps and dialect.typed:
        ticket.peer.write(dialects.truncated(ticket.cursor(), gaps, dialect))


def _replaced(progress: Mapping[Lane, int], short_id: str) -> Sequence[TruncatedRange]:
    reason = TruncationReason.TOPIC_REPLACED
    return [
        TruncatedRange(lane.topic, lane.partition, at, 0, reason)
        for lane, at in progress.items()
        if lane.short_id == short_id
    ]
