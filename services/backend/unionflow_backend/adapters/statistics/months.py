"""Reads what contributions come to by the month in which they fall due, in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.tables import contributions
from unionflow_backend.core.months import Month, filled, last_months


async def months_of(
    connection: AsyncConnection, organization_id: str, months: Sequence[str]
) -> Mapping[str, Month]:
    """By month; one in which nothing falls due is left out. months: in order, such as `2026-11`."""
    # No parameters: PostgreSQL would not know the two places of the expression for one.
    month = func.substr(contributions.c.due_on, literal_column("1"), literal_column("7"))
    # PostgreSQL sums whole numbers to a decimal one.
    due = cast(func.sum(contributions.c.amount), BigInteger)
    paid = cast(func.sum(contributions.c.paid), BigInteger)
    query = (
        select(month, due, paid)
        .where(
            contributions.c.organization_id == organization_id,
            # Dates are texts, and in order as such: no month has a day after its 31st.
            contributions.c.due_on.between(f"{months[0]}-01", f"{months[-1]}-31"),
        )
        .group_by(month)
    )
    rows = await connection.execute(query)
    return {row[0]: Month(row[0], int(row[1]), int(row[2])) for row in rows}


async def months_as_of(
    connection: AsyncConnection, organization_id: str, now_ms: int
) -> Sequence[Month]:
    """The last twelve, oldest first. now_ms: milliseconds since 1970."""
    months = last_months(now_ms)
    return filled(await months_of(connection, organization_id, months), months)
