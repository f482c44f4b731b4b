"""Clients that are not live: what each still wants, and who waits for a convoy."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.audience import View
from unionflow_relay.core.convoy import Convoy
from unionflow_relay.core.lanes import Lane, cursor_text

CONVOYS_AT_ONCE = 4
QUIET_SECONDS = 0.01
LONGEST_SECONDS = 0.1


class Kind(NamedTuple):
    """Who may go together. conflate: event types of which the newest alone is wanted.

    in_memory: nothing of it is to be read from Kafka. magnitude: how far behind, within a factor
    of eight, so that nobody waits for one who is very much further behind.
    """

    in_memory: bool
    conflate: frozenset[str]
    magnitude: int


@dataclass(slots=True, eq=False)
class Ticket:
    """One client on its way to being live.

    wanted: its next offset of every lane, while it is in no convoy. announce: whether it is told
    (`recovered`) when it is live. conflate: event types of which it wants the newest only.
    waiting: as what it waits for a convoy, if it does. stalled_since, buffered: when its unsent
    bytes were last seen to shrink, and to how many.
    """

    peer: Peer
    view: View
    user: str | None
    wanted: dict[Lane, int]
    announce: bool
    conflate: frozenset[str] = frozenset()
    convoy: Convoy[Peer] | None = None
    waiting: Kind | None = None
    replayed: int = 0
    conflated: int = 0
    stalled_since: float = 0.0
    buffered: int = 0

    def progress(self) -> Mapping[Lane, int]:
        """Everything before these offsets was sent to the client, or was not for it."""
        return self.wanted if self.convoy is None else self.convoy.progress_of(self.peer)

    def cursor(self) -> str:
        """The progress as the wire has it."""
        return cursor_text(self.progress())


SetOut = Callable[[Kind, Sequence[Ticket], asyncio.Event], Coroutine[object, object, None]]


class Boarding:
    """Those who wait for a convoy, by kind. There are as many at most as there are connections.

    Those of a kind who come together go together. While CONVOYS_AT_ONCE of their kind are on
    their way, the others wait for one of these to end, and then all go together.

    set_out: serves some tickets of a kind to the end, and says before when others may go.
    """

    def __init__(self, set_out: SetOut) -> None:
        self._set_out = set_out
        self._waiting: dict[Kind, dict[Ticket, None]] = {}
        self._under_way: Counter[Kind] = Counter()
        self._gathering: set[Kind] = set()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, ticket: Ticket, kind: Kind) -> None:
        """Queue a ticket; one that is queued already stays where it is."""
        if ticket.waiting is None:
            ticket.waiting = kind
            self._waiting.setdefault(kind, {})[ticket] = None
            self._changed.set()

    def remove(self, ticket: Ticket) -> None:
        """Forget a ticket. One who does not wait is no error."""
        if ticket.waiting is not None:
            del self._waiting[ticket.waiting][ticket]
            ticket.waiting = None

    async def run(self) -> None:
        """See everyone off, for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._changed.wait()
                self._changed.clear()
                for kind in [k for k in self._waiting if k not in self._gathering]:
                    if self._under_way[kind] < CONVOYS_AT_ONCE:
                        self._under_way[kind] += 1
                        self._gathering.add(kind)
                        group.create_task(self._conduct(kind, group))

    async def _conduct(self, kind: Kind, group: asyncio.TaskGroup) -> None:
        await self._gather(kind)
        tickets = list(self._waiting.pop(kind))
        self._gathering.discard(kind)
        for ticket in tickets:
            ticket.waiting = None
        if tickets:
            free = asyncio.Event()
            convoy = group.create_task(self._set_out(kind, tickets, free))
            convoy.add_done_callback(lambda _done: free.set())
            await free.wait()
        self._under_way[kind] -= 1
        self._changed.set()

    async def _gather(self, kind: Kind) -> None:
        """Until they stop coming, or have come for long."""
        loop = asyncio.get_running_loop()
        last_moment = loop.time() + LONGEST_SECONDS
        seen = 0
        while len(self._waiting[kind]) > seen and loop.time() < last_moment:
            seen = len(self._waiting[kind])
            await asyncio.sleep(QUIET_SECONDS)
