"""Where a user's membership has ended: what a token that is still good no longer opens."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import members
from unionflow_backend.core.members import MemberStatus


async def ended_memberships(
    connection: AsyncConnection, user: str, issued_at: int
) -> Collection[str]:
    """The organisations whose member the user no longer is, as of tokens issued at `issued_at`.

    The relays' rule, from the table instead of the events: a token that was issued after the
    membership ended is the issuer's own decision. issued_at: milliseconds since 1970.
    """
    ended = select(members.c.organization_id).where(
        members.c.user_id == user,
        members.c.status != MemberStatus.ACTIVE,
        members.c.status_at >= issued_at,
    )
    return tuple((await connection.execute(ended)).scalars())
