"""Keeps the answer to a POST under its key, in the POST's own transaction.

Whoever comes second with a key waits for the first: on PostgreSQL at the unique index, on SQLite
for the writer's turn. When the first was rolled back there is no answer, and the second is a first.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import idempotency_keys as keys
from unionflow_backend.core.idempotency import KEPT_MS, Asked, Stored

_NO_STATUS: Final = 0
MAX_FORGOTTEN: Final = 1_000
"""Rows of one sweep, so that none is long."""


async def claim(connection: AsyncConnection, request: Asked, now_ms: int) -> Stored | None:
    """Claim a key; returns the answer where one was given under it already."""
    mine = (keys.c.caller == request.caller) & (keys.c.key == request.key)
    await connection.execute(delete(keys).where(mine, keys.c.expires_at <= now_ms))
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    row = insert(keys).values(
        caller=request.caller,
        key=request.key,
        fingerprint=request.fingerprint,
        status=_NO_STATUS,
        headers="{}",
        body="",
        expires_at=now_ms + KEPT_MS,
    )
    claimed = await connection.execute(row.on_conflict_do_nothing())
    if claimed.rowcount == 1:
        return None
    columns = (keys.c.fingerprint, keys.c.status, keys.c.headers, keys.c.body)
    return Stored(*(await connection.execute(select(*columns).where(mine))).one())


async def store(
    connection: AsyncConnection, request: Asked, status: int, headers: str, body: str
) -> None:
    """Keep the answer under the key that this transaction has claimed. headers: JSON."""
    mine = (keys.c.caller == request.caller) & (keys.c.key == request.key)
    answer = {"status": status, "headers": headers, "body": body}
    await connection.execute(update(keys).where(mine).values(answer))


async def forget(connection: AsyncConnection, now_ms: int) -> int:
    """Delete answers that are kept no longer; returns how many, at most MAX_FORGOTTEN."""
    old = (
        select(keys.c.caller, keys.c.key).where(keys.c.expires_at <= now_ms).limit(MAX_FORGOTTEN)
    ).subquery()
    gone = delete(keys).where(
        keys.c.expires_at <= now_ms,
        select(old.c.key).where(old.c.caller == keys.c.caller, old.c.key == keys.c.key).exists(),
    )
    result: CursorResult[tuple[()]] = await connection.execute(gone)
    return result.rowcount
