"""The tables as values of the domain, and how one finds what a caller may see."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database import tables
from unionflow_backend.adapters.database.rows import Kept, Rows
from unionflow_backend.core.activities import Activity
from unionflow_backend.core.agenda import AgendaEvent
from unionflow_backend.core.approvals import Approval
from unionflow_backend.core.contributions import Contribution, Payment
from unionflow_backend.core.members import Member
from unionflow_backend.core.notifications import Notification
from unionflow_backend.core.organizations import Organization
from unionflow_backend.core.permissions import Caller
from unionflow_backend.errors import NotFound

ORGANIZATIONS: Final = Rows(tables.organizations, Organization)
MEMBERS: Final = Rows(tables.members, Member)
APPROVALS: Final = Rows(tables.approvals, Approval)
CONTRIBUTIONS: Final = Rows(tables.contributions, Contribution)
PAYMENTS: Final = Rows(tables.payments, Payment)
NOTIFICATIONS: Final = Rows(tables.notifications, Notification)
AGENDA: Final = Rows(tables.agenda_events, AgendaEvent)
ACTIVITIES: Final = Rows(tables.activities, Activity)


class Owned(Kept, Protocol):
    """What is an organisation's."""

    @property
    def organization_id(self) -> str:
        """Whose it is."""


T = TypeVar("T", bound=Owned)


async def seen(
    rows: Rows[T], connection: AsyncConnection, caller: Caller, id: str, *, to_change: bool = False
) -> T:
    """What the caller may see under this id.

    Raises:
        NotFound: there is nothing, or it is another organisation's: the caller cannot tell.
    """
    value = await rows.find(connection, id, to_change=to_change)
    if value is None or not caller.sees(value.organization_id):
        raise NotFound(f"{rows.table.name.replace('_', ' ')}: there is no {id}")
    return value


async def organization(
    connection: AsyncConnection, caller: Caller, id: str, *, to_change: bool = False
) -> Organization:
    """An organisation that the caller may see.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    found = None
    if caller.sees(id):
        found = await ORGANIZATIONS.find(connection, id, to_change=to_change)
    if found is None:
        raise NotFound(f"there is no organisation {id!a}")
    return found
