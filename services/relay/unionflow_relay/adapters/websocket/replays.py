"""Brings clients from where they are to now: from memory where it reaches, else from Kafka.

Clients that come back together share one read (core/convoy). Live delivery waits for none of it:
bytes are written a few megabytes at a time, and whoever cannot take them leaves the convoy and
goes on later, from where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.adapters.websocket.tickets import Boarding, Ticket
from unionflow_relay.core import dialects
from unionflow_relay.core.audience import View
from unionflow_relay.core.conflation import Newest, short_of
from unionflow_relay.core.convoy import Convoy, Passenger
from unionflow_relay.core.dialects import Dialect, TruncatedRange, TruncationReason
from unionflow_relay.core.history import History, reading_from
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Lost, Slice

SLICE_BYTES = 256 * 1024
TURN_BYTES = 4 * 1024 * 1024  # written to replaying clients before live ones get their turn
LANDING_CHUNK = 250
STALL_SECONDS = 10.0
AHEAD_SECONDS = 10.0  # a pod behind a client's cursor asks so often whether Kafka has it
MEMORY_CONVOYS = 8
KAFKA_CONVOYS = 2
log = structlog.get_logger("replays")


class PastRecords(Protocol):
    """Reads what memory no longer has."""

    def read(
        self, reading: Mapping[Lane, int], until: Mapping[Lane, int]
    ) -> AsyncIterator[Slice | Lost]:
        """One fetch from each broker concerned: what follows on `reading`, to `until` at most.

        The caller moves `reading` on before it asks for the next piece. Brokers that are away are
        waited for.
        """

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        """Where Kafka says that partitions end now; those that nobody answers for are left out."""


class LiveSide(Protocol):
    """Where clients go when they have caught up."""

    def positions(self) -> Mapping[Lane, int]:
        """The next offset of every lane that live clients will get."""

    def land(self, ticket: Ticket, view: View) -> None:
        """The client has everything before `positions`: it is live from here on."""


class Replays:
    """Every client that is not live. All calls but `run` are synchronous.

    note: hears of the bytes of each write.
    """

    def __init__(
        self,
        live: LiveSide,
        history: History,
        past: PastRecords,
        metrics: RelayMetrics,
        clock: Callable[[], float],
        note: Callable[[bytes], None] = lambda _data: None,
    ) -> None:
        self._live = live
        self._history = history
        self._past = past
        self._metrics = metrics
        self._clock = clock
        self._note = note
        self._tickets: dict[Peer, Ticket] = {}
        self._convoys: set[Convoy[Peer]] = set()
        self._from_memory = Boarding(quiet_seconds=0.01, longest_seconds=0.05)
        self._from_kafka = Boarding(quiet_seconds=0.1, longest_seconds=1.0)

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
        if ticket is not None and ticket.convoy is not None:
            ticket.convoy.leave(peer)

    def peers(self) -> Iterable[Peer]:
        """Everyone here."""
        return self._tickets.keys()

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
        for ticket in [t for t in self._tickets.values() if t.convoy is None and not t.queued]:
            buffered = ticket.peer.transport.get_write_buffer_size()
            if buffered < ticket.buffered:
                ticket.stalled_since = now
            elif now - ticket.stalled_since >= STALL_SECONDS:
                ticket.peer.close(4408, "too slow: nothing was taken for some seconds")
            ticket.buffered = buffered

    # What the source says

    def follow(self, lane: Lane, next_offset: int) -> None:
        """A partition was added: it is new to everyone here."""
        for convoy in self._convoys:
            convoy.follow(lane, next_offset)
        for ticket in self._tickets.values():
            if ticket.convoy is None:
                ticket.wanted[lane] = next_offset

    def set_back(self, lane: Lane, end: int) -> None:
        """A partition was cut to `end`: whoever was past it is told, and goes on from there."""
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
        async with asyncio.TaskGroup() as group:
            for boarding, convoys in (
                (self._from_memory, MEMORY_CONVOYS),
                (self._from_kafka, KAFKA_CONVOYS),
            ):
                for _ in range(convoys):
                    group.create_task(self._conduct(boarding, group))

    async def _conduct(self, boarding: Boarding, group: asyncio.TaskGroup) -> None:
        while True:
            tickets = await boarding.take()
            free = [
                self._set_out(group, together, conflate)
                for conflate, together in self._by_conflation(tickets).items()
            ]
            for convoy_needs_us_no_more in free:
                await convoy_needs_us_no_more.wait()

    def _by_conflation(self, tickets: Iterable[Ticket]) -> Mapping[frozenset[str], list[Ticket]]:
        """Those who are still here, by what they want conflated."""
        groups: dict[frozenset[str], list[Ticket]] = {}
        for ticket in tickets:
            if self._tickets.get(ticket.peer) is ticket:
                groups.setdefault(ticket.conflate, []).append(ticket)
        return groups

    def _set_out(
        self, group: asyncio.TaskGroup, tickets: Sequence[Ticket], conflate: frozenset[str]
    ) -> asyncio.Event:
        """Make a convoy, at once: a client that leaves before its task begins leaves the convoy.

        What is returned is set when it has nothing more to read for now.
        """
        passengers = (Passenger(t.peer, t.view, t.user, t.wanted) for t in tickets)
        convoy = Convoy(passengers, self._live.positions())
        for ticket in tickets:
            ticket.convoy = convoy
        self._convoys.add(convoy)
        free = asyncio.Event()
        group.create_task(self._drive(convoy, conflate, free))
        return free

    async def _drive(
        self, convoy: Convoy[Peer], conflate: frozenset[str], free: asyncio.Event
    ) -> None:
        try:
            newest = Newest(conflate)
            if conflate:
                await self._scan(convoy, newest)
            await self._bring_to_now(convoy, newest, free)
        finally:
            self._convoys.discard(convoy)
            free.set()

    async def _scan(self, convoy: Convoy[Peer], newest: Newest) -> None:
        reading = dict(convoy.reading)
        while short_of(reading, self._live.positions()):
            async for _, piece in self._pieces(reading):
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
                async for source, piece in self._pieces(convoy.reading):
                    if isinstance(piece, Lost):
                        self._lose(convoy, piece)
                    else:
                        await self._send(convoy, piece, newest, source)
            elif await self._land(convoy):
                waiting_since = self._clock()
            else:  # whoever is left is ahead of this pod, which has yet to get there
                free.set()
                if self._clock() - waiting_since > AHEAD_SECONDS:
                    self._set_back(convoy, await self._past.ends(convoy.waited_for()))
                    waiting_since = self._clock()
                await asyncio.sleep(0.05)

    async def _pieces(self, reading: Mapping[Lane, int]) -> AsyncIterator[tuple[str, Slice | Lost]]:
        """One round: of each lane something, from Kafka or from memory."""
        live = self._live.positions()
        short = short_of(reading, live)
        behind = [lane for lane, at in short.items() if at < self._history.start(lane)]
        if behind:
            async for piece in self._past.read(reading, {lane: live[lane] for lane in behind}):
                yield "kafka", piece
                await asyncio.sleep(0)  # decoding a broker's whole answer would take long
            short = short_of(reading, self._live.positions())  # a topic may be gone by now
        piece = reading_from(self._history, short, SLICE_BYTES)
        if piece.progress:
            yield "memory", piece
        await asyncio.sleep(0)

    async def _send(self, convoy: Convoy[Peer], piece: Slice, newest: Newest, source: str) -> None:
        kept, left_out = newest.split(piece.records)
        written = events = 0
        for peer, write in convoy.deal(kept, piece.progress):
            ticket = self._tickets.get(peer)
            if ticket is None or ticket.convoy is not convoy:
                continue  # it left while others were written to
            if peer.paused:
                self._park(ticket)
                continue
            peer.write(write.data)
            convoy.serve(peer)
            self._note(write.data)
            ticket.replayed += len(write.indices)
            events += len(write.indices)
            written += len(write.data)
            if written >= TURN_BYTES:
                written = 0
                await asyncio.sleep(0)
        for peer, left in convoy.count(left_out).items() if left_out else ():
            self._tickets[peer].conflated += left
        self._metrics.replayed.labels(source).inc(events)
        convoy.arrive(piece.progress)
        for record in piece.records:
            record.release_frames()

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
        missing = (at < self._history.start(lane) for lane, at in ticket.wanted.items())
        (self._from_kafka if any(missing) else self._from_memory).add(ticket)

    def _park(self, ticket: Ticket) -> None:
        """Keep a client that cannot take bytes now, until `on_drained`."""
        if ticket.convoy is not None:
            ticket.wanted = dict(ticket.convoy.progress_of(ticket.peer))
            ticket.convoy.leave(ticket.peer)
            ticket.convoy = None
        ticket.stalled_since = self._clock()
        ticket.buffered = ticket.peer.transport.get_write_buffer_size()


def _tell(ticket: Ticket, gaps: Sequence[TruncatedRange]) -> None:
    if gaps and ticket.peer.dialect is Dialect.V1:
        ticket.peer.write(dialects.truncated(ticket.cursor(), gaps))


def _replaced(progress: Mapping[Lane, int], short_id: str) -> Sequence[TruncatedRange]:
    reason = TruncationReason.TOPIC_REPLACED
    return [
        TruncatedRange(lane.topic, lane.partition, at, 0, reason)
        for lane, at in progress.items()
        if lane.short_id == short_id
    ]
