"""Publishing an event that nothing has caused: for whoever tries a screen or a client."""

from __future__ import annotations

from unionflow_backend.adapters.database.kept import organization
from unionflow_backend.adapters.database.recording import COMMON_LANE
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import Announcement
from unionflow_backend.core.permissions import Caller


async def publish(work: Work, caller: Caller, announcement: Announcement) -> None:
    """Put it into the outbox, as any other.

    Raises:
        NotFound: there is no such organisation.
        InvalidPayload: it may not be published.
    """
    lane = COMMON_LANE
    if announcement.organization_id is not None:
        owner = await organization(work.connection, caller, announcement.organization_id)
        lane = owner.id
    await work.record(lane, [announcement])
