"""Memberships that end and come again while clients look on, and come back from before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.chaos.client import Client, everyone
from tests.chaos.schedule import Fault
from tests.chaos.stream import Change
from tests.chaos.writer import Writer


class Registry:
    """Who takes members' rights and gives them back."""

    def __init__(self, clients: Sequence[Client], writer: Writer) -> None:
        self.ended = 0
        self._clients = clients
        self._writer = writer

    async def revoke(self, fault: Fault) -> None:
        """Take an organisation from each of some members, and later give it back.

        Half-way some of them come back with a cursor from before it. Every second one has it again
        by `ACTIVE`, the others by a token that was issued after their right had ended.
        """
        ends = [change for n in fault.clients if (change := self._end(n)) is not None]
        for change in ends:
            self._writer.change(change)
        self.ended += len(ends)
        users = {change.user for change in ends}
        await asyncio.sleep(fault.seconds / 2)
        everyone(self._devices(users)[::2], Client.forget)
        await asyncio.sleep(fault.seconds / 2)
        by_record = ends[::2]
        for change in by_record:
            self._writer.change(Change(change.user, change.organization, suspended=False))
        everyone(self._devices(users - {change.user for change in by_record}), Client.renew)

    def _end(self, number: int) -> Change | None:
        viewer = self._clients[number].history.viewer
        if not viewer.organizations or viewer.user is None:
            return None
        organizations = sorted(viewer.organizations)
        return Change(viewer.user, organizations[number % len(organizations)], suspended=True)

    def _devices(self, users: set[str]) -> Sequence[Client]:
        return [client for client in self._clients if client.history.viewer.user in users]
