"""Clients that are not live: what each still wants, and who waits for a convoy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.audience import View
from unionflow_relay.core.convoy import Convoy
from unionflow_relay.core.lanes import Lane, cursor_text


@dataclass(slots=True, eq=False)
class Ticket:
    """One client on its way to being live.

    wanted: its next offset of every lane, while it is in no convoy. announce: whether it is told
    (`recovered`) when it is live. conflate: event types of which it wants the newest only.
    stalled_since, buffered: when its unsent bytes were last seen to shrink, and to how many.
    """

    peer: Peer
    view: View
    user: str | None
    wanted: dict[Lane, int]
    announce: bool
    conflate: frozenset[str] = frozenset()
    convoy: Convoy[Peer] | None = None
    queued: bool = False
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


class Boarding:
    """A queue of tickets that is taken as a whole, once they stop coming or have come for long.

    Those who come together are served by one read. It is bounded by the connections there may be.
    """

    def __init__(self, quiet_seconds: float, longest_seconds: float) -> None:
        self._quiet = quiet_seconds
        self._longest = longest_seconds
        self._waiting: list[Ticket] = []
        self._came = asyncio.Event()
        self._taking = asyncio.Lock()

    def add(self, ticket: Ticket) -> None:
        """Queue a ticket; one that is queued already stays where it is."""
        if not ticket.queued:
            ticket.queued = True
            self._waiting.append(ticket)
            self._came.set()

    async def take(self) -> list[Ticket]:
        """Wait for tickets, and take all there are. Several may wait; each ticket goes to one."""
        async with self._taking:
            await self._came.wait()
            await self._gather()
            taken, self._waiting = self._waiting, []
            self._came.clear()
        for ticket in taken:
            ticket.queued = False
        return taken

    async def _gather(self) -> None:
        loop = asyncio.get_running_loop()
        last_moment = loop.time() + self._longest
        seen = 0
        while len(self._waiting) > seen and loop.time() < last_moment:
            seen = len(self._waiting)
            await asyncio.sleep(self._quiet)
