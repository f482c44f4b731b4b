"""Sending a message, and noting who has read it."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from unionflow_backend.adapters.database.kept import NOTIFICATIONS, organization
from unionflow_backend.adapters.database.recording import COMMON_LANE
from unionflow_backend.adapters.database.tables import members, notification_reads
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.events import of_notification
from unionflow_backend.core.notifications import EVERYONE, Notification, addressee
from unionflow_backend.core.permissions import Caller, Operation, require
from unionflow_backend.errors import NotFound, Unprocessable


async def send_notification(
    work: Work,
    caller: Caller,
    *,
    organization_id: str | None,
    user_id: str | None,
    title: str,
    body: str,
) -> Notification:
    """To a user, to an organisation, or (with neither) to everyone there is.

    Raises:
        NotFound: there is no such organisation.
        Forbidden: the caller may send only within an organisation.
        Unprocessable: the user is no member of the organisation.
    """
    if organization_id is None:
        require(caller, Operation.NOTIFICATIONS_SEND_TO_ALL)
    else:
        await organization(work.connection, caller, organization_id)
        if user_id is not None:
            await _require_member(work, organization_id, user_id)
    notification = Notification(
        id=work.new_id(),
        organization_id=organization_id,
        user_id=user_id,
        addressee=addressee(organization_id, user_id),
        title=title,
        body=body,
        created_by=caller.user,
        created_at=work.now,
    )
    await NOTIFICATIONS.add(work.connection, notification)
    line = None
    if organization_id is not None and user_id is None:
        line = ActivityLine("BROADCAST_NOTIFICATION", caller.user, notification.id, title)
    await work.record(organization_id or COMMON_LANE, [of_notification(notification)], line)
    return notification


async def find_notification(work: Work, caller: Caller, id: str) -> Notification:
    """A message that is for the caller.

    Raises:
        NotFound: there is none, or it is for others.
    """
    found = await NOTIFICATIONS.find(work.connection, id)
    if found is None or not is_for(found, caller):
        raise NotFound(f"notifications: there is no {id}")
    return found


def is_for(notification: Notification, caller: Caller) -> bool:
    """Whether the message is for the caller."""
    if notification.user_id is not None:
        return notification.user_id == caller.user
    if notification.addressee == EVERYONE:
        return True
    return notification.organization_id is not None and caller.sees(notification.organization_id)


async def mark(work: Work, caller: Caller, id: str, *, read: bool) -> Notification:
    """The caller has read a message, or wants to read it again.

    Raises:
        NotFound: there is none, or it is for others.
    """
    notification = await find_notification(work, caller, id)
    reads = notification_reads
    if read:
        is_postgresql = work.connection.dialect.name == "postgresql"
        insert = postgresql_insert if is_postgresql else sqlite_insert
        row = insert(reads).values(notification_id=id, user_id=caller.user, read_at=work.now)
        await work.connection.execute(row.on_conflict_do_nothing())
    else:
        mine = (reads.c.notification_id == id) & (reads.c.user_id == caller.user)
        await work.connection.execute(delete(reads).where(mine))
    return notification


async def _require_member(work: Work, organization_id: str, user_id: str) -> None:
    query = select(members.c.id).where(
        members.c.organization_id == organization_id, members.c.user_id == user_id
    )
    if (await work.connection.execute(query)).first() is None:
        what = "is no member of the organisation"
        raise Unprocessable(f"userId: {what}", [("userId", what)])
