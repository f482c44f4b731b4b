"""The lists: which things of an organisation, in which order, for each filter that there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.kept import NOTIFICATIONS, ORGANIZATIONS
from unionflow_backend.adapters.database.rows import Page
from unionflow_backend.adapters.database.tables import (
    notification_reads,
    notifications,
    organizations,
)
from unionflow_backend.core.notifications import Notification, addressees_of
from unionflow_backend.core.organizations import Organization
from unionflow_backend.core.pages import After, Sort
from unionflow_backend.core.permissions import Caller


class Filtered(Protocol):
    """A table by its columns."""

    @property
    def c(self) -> Any:
        """The columns."""


def conditions(
    table: Filtered, organization_id: str, **wanted: object
) -> Sequence[ColumnElement[bool]]:
    """An organisation's rows whose columns have these values; None asks nothing of a column."""
    of_organization = [table.c.organization_id == organization_id]
    return of_organization + [
        table.c[name] == value for name, value in wanted.items() if value is not None
    ]


async def organizations_page(
    connection: AsyncConnection, caller: Caller, sort: Sort, after: After | None, limit: int
) -> Page[Organization]:
    """The organisations that the caller may see."""
    mine: list[ColumnElement[bool]] = []
    if caller.organizations is not None:
        mine = [organizations.c.id.in_(sorted(caller.organizations))]
    return await ORGANIZATIONS.page(connection, mine, sort, after, limit)


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of a user's messages. read: the ids of those that were read."""

    page: Page[Notification]
    read: frozenset[str]


async def inbox(
    connection: AsyncConnection,
    caller: Caller,
    sort: Sort,
    after: After | None,
    limit: int,
    *,
    organization_id: str | None,
    unread: bool,
) -> Inbox:
    """The messages for the caller: their own, their organisations', everyone's.

    organization_id: of this organisation alone. unread: those alone that were not read.
    """
    belongs: Collection[str] = caller.organizations or ()
    if organization_id is not None and caller.sees(organization_id):
        belongs = (organization_id,)
    reads = notification_reads
    mine = (reads.c.notification_id == notifications.c.id) & (reads.c.user_id == caller.user)
    further: list[ColumnElement[bool]] = []
    if organization_id is not None:
        further.append(notifications.c.organization_id == organization_id)
    if unread:
        further.append(~select(literal(1)).where(mine).exists())
    # A query for each addressee, so that each is a walk along one index that ends at the limit.
    queries = [
        NOTIFICATIONS.ordered(
            [notifications.c.addressee == one, *further], sort, after, limit
        ).subquery()
        for one in addressees_of(caller.user, belongs)
    ]
    every = union_all(*(select(query) for query in queries)).subquery()
    by, id = every.c.created_at, every.c.id
    order = (by.desc(), id.desc()) if sort.descending else (by, id)
    found = await connection.execute(select(every).order_by(*order).limit(limit + 1))
    page = NOTIFICATIONS.cut([NOTIFICATIONS.value(row._mapping) for row in found], sort, limit)
    ids = [one.id for one in page.items]
    known = select(reads.c.notification_id).where(
        reads.c.notification_id.in_(ids), reads.c.user_id == caller.user
    )
    return Inbox(page, frozenset((await connection.execute(known)).scalars()))
