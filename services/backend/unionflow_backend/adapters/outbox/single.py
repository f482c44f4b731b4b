"""The outbox in SQLite: one publisher at a time, by a lease of the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import literal_column, select

from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder, Lease
from unionflow_backend.adapters.outbox.store import (
    COLUMNS,
    PENDING,
    ROW_BYTES,
    waiting_of,
    write_down,
)
from unionflow_backend.core.outbox import Settlement, Waiting

LEASE: Final = "outbox"


class SqliteStore:
    """See `Store`. me: this publisher. lease_seconds: how long it may be silent and keep it."""

    def __init__(
        self, database: Database, me: Holder, lease_seconds: float, *, keep_sent: bool
    ) -> None:
        self._database = database
        self._lease = Lease(database, LEASE, me, lease_seconds)
        self._keep_sent = keep_sent
        self._renew_after = lease_seconds / 2
        self._renew_at = 0.0

    async def take(self, resting: Collection[str], most: int) -> Sequence[Waiting]:
        """See `Store`."""
        now = asyncio.get_running_loop().time()
        if now >= self._renew_at:
            if not await self._lease.take():
                return ()
            self._renew_at = now + self._renew_after
        # SQLite has one writer at a time, so the order of writing is the order of commits.
        statement = (
            select(*COLUMNS)
            .where(outbox.c.status == PENDING, outbox.c.lane.not_in(sorted(resting)))
            .order_by(literal_column("outbox.rowid"))
            .limit(most)
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(statement)).all()
        rows: list[Waiting] = []
        size = 0
        for row in found:
            if size >= ROW_BYTES:
                break
            size += len(row.data)
            rows.append(waiting_of(row))
        return rows

    async def settle(self, settlement: Settlement) -> None:
        """See `Store`."""
        async with self._database.writing() as work:
            await write_down(work.connection, settlement, work.now, keep_sent=self._keep_sent)

    async def let_go(self) -> None:
        """See `Store`."""
        self._renew_at = 0.0
        await self._lease.release()
