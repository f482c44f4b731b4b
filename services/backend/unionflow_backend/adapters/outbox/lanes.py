"""The outbox in PostgreSQL: several publishers at a time, each with lanes of its own.

A lane is held by a lease and not by a transaction that stays open while Kafka is waited for: such
a transaction would keep VACUUM from its work for as long as Kafka is away. Of lanes that another is
just taking, nobody waits for the lock (SKIP LOCKED).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import String, any_, bindparam, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import outbox_lanes
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder, now_expression
from unionflow_backend.adapters.outbox.store import ROW_BYTES, waiting_of, write_down
from unionflow_backend.core.outbox import Settlement, Waiting

LANES: Final = 200
"""Lanes of one round at most."""
_LEAST_OF_A_LANE: Final = 20
_NOW: Final = now_expression("postgresql")
_LANES: Final = bindparam("lanes", type_=ARRAY(String))

# A queue's table is empty when it is looked at for statistics, and not when they matter: without
# them the planner would read all of it for each step.
_BY_INDEX: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
# From lane to lane by the index: a step each, however long the lane.
_WHO_WAITS: Final = text("""
WITH RECURSIVE waits (lane) AS (
    (SELECT lane FROM outbox WHERE status = 'PENDING' AND lane > :after ORDER BY lane LIMIT 1)
  UNION ALL
    SELECT (SELECT o.lane FROM outbox o WHERE o.status = 'PENDING' AND o.lane > w.lane
            ORDER BY o.lane LIMIT 1)
    FROM waits w WHERE w.lane IS NOT NULL
)
SELECT lane FROM waits WHERE lane IS NOT NULL LIMIT :most
""")
_MAKE: Final = text("""
INSERT INTO outbox_lanes (lane) SELECT unnest(:lanes) ORDER BY 1 ON CONFLICT (lane) DO NOTHING
""").bindparams(_LANES)
_TAKE: Final = text(f"""
WITH free AS (
    SELECT lane FROM outbox_lanes
    WHERE lane = ANY(:lanes) AND (holder IS NULL OR holder = :me
          OR held_until_ms < {_NOW} OR held_until_ms > {_NOW} + :longest)
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox_lanes l SET holder = :me, held_until_ms = {_NOW} + :longest
FROM free WHERE l.lane = free.lane RETURNING l.lane
""").bindparams(_LANES)  # noqa: S608  # the one thing put in is ours: how the clock is read
# The first row of each lane, then the second of each: short lanes do not wait for long ones.
_ROWS: Final = text("""
SELECT * FROM (
    SELECT o.*, sum(octet_length(o.data)) OVER (ORDER BY o.turn, o.lane)
                - octet_length(o.data) AS bytes_before
    FROM unnest(:lanes) AS mine (name) CROSS JOIN LATERAL (
        SELECT id, lane, number, event_type, organization_id, user_id, data, timestamp_ms,
               traceparent,
               row_number() OVER (ORDER BY number) AS turn
        FROM outbox WHERE lane = mine.name AND status = 'PENDING'
        ORDER BY number LIMIT :of_each
    ) o
) taken WHERE bytes_before < :bytes ORDER BY turn, lane LIMIT :most
""").bindparams(_LANES)
_RELEASE_ALL: Final = (
    update(outbox_lanes)
    .where(outbox_lanes.c.holder == bindparam("me"))
    .values(holder=None, held_until_ms=None)
)
_TAKE_OVER: Final = text("""
UPDATE outbox_lanes SET holder = NULL, held_until_ms = NULL WHERE starts_with(holder, :any_life)
""")
_RELEASE: Final = _RELEASE_ALL.where(outbox_lanes.c.lane == any_(_LANES))


class PostgresStore:
    """See `Store`. me: this publisher. lease_seconds: how long a lane is held at most."""

    def __init__(
        self, database: Database, me: Holder, lease_seconds: float, *, keep_sent: bool
    ) -> None:
        self._database = database
        self._me = str(me)
        self._former = me.any_life  # until what the life before has left is free
        self._longest = int(lease_seconds * 1000)
        self._keep_sent = keep_sent
        self._held: Collection[str] = ()
        self._after = ""  # the last lane of the round before, where there were more behind it

    async def take(self, resting: Collection[str], most: int) -> Sequence[Waiting]:
        """See `Store`."""
        if self._former:
            async with self._database.writing() as work:
                await work.connection.execute(_TAKE_OVER, {"any_life": self._former})
            self._former = ""
        async with self._database.writing() as work:
            await work.connection.execute(_BY_INDEX)
            waits = await self._who_waits(work.connection)
            self._after = waits[-1] if len(waits) == LANES else ""
            wanted = [lane for lane in waits if lane not in resting]
            if not wanted:
                return ()
            await work.connection.execute(_MAKE, {"lanes": wanted})
            who = {"lanes": wanted, "me": self._me, "longest": self._longest}
            mine = (await work.connection.execute(_TAKE, who)).scalars().all()
            if not mine:
                return ()
            what = {
                "lanes": mine,
                "of_each": max(_LEAST_OF_A_LANE, most // len(mine)),
                "bytes": ROW_BYTES,
                "most": most,
            }
            rows = [waiting_of(row) for row in await work.connection.execute(_ROWS, what)]
            self._held = {row.lane for row in rows}
            idle = set(mine) - self._held
            if idle:  # another has emptied it in between, or the bytes were enough before it
                await self._release(work.connection, idle)
        return rows

    async def settle(self, settlement: Settlement) -> None:
        """See `Store`."""
        async with self._database.writing() as work:
            await write_down(work.connection, settlement, work.now, keep_sent=self._keep_sent)
            await self._release(work.connection, self._held)

    async def let_go(self) -> None:
        """See `Store`."""
        async with self._database.writing() as work:
            await work.connection.execute(_RELEASE_ALL, {"me": self._me})

    async def _who_waits(self, connection: AsyncConnection) -> list[str]:
        values = {"after": self._after, "most": LANES}
        return list((await connection.execute(_WHO_WAITS, values)).scalars())

    async def _release(self, connection: AsyncConnection, lanes: Collection[str]) -> None:
        await connection.execute(_RELEASE, {"lanes": sorted(lanes), "me": self._me})
