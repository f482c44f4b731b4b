"""The organisation's dates: set, moved, cancelled."""

from __future__ import annotations

from collections.abc import Callable

from unionflow_backend.adapters.database.kept import AGENDA, organization, seen
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.agenda import (
    AgendaEvent,
    AgendaKind,
    Details,
    cancel,
    change,
    require_order,
)
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.events import of_agenda_event
from unionflow_backend.core.permissions import Caller

Match = Callable[[int], None]
"""Raises LostRace where the caller has read another version."""


async def schedule(work: Work, caller: Caller, organization_id: str, said: Details) -> AgendaEvent:
    """A new date. said: its title and times at least.

    Raises:
        NotFound: there is no such organisation.
        Unprocessable: it would end before it starts.
    """
    owner = await organization(work.connection, caller, organization_id)
    event = AgendaEvent(
        id=work.new_id(),
        organization_id=owner.id,
        title=said.title or "",
        description=said.description or "",
        kind=said.kind or AgendaKind.OTHER,
        location=said.location or "",
        starts_at=said.starts_at or 0,
        ends_at=said.ends_at or 0,
        created_at=work.now,
        updated_at=work.now,
    )
    await AGENDA.add(work.connection, require_order(event))
    await _record(work, event, caller, "was scheduled")
    return event


async def reschedule(
    work: Work, caller: Caller, id: str, match: Match, said: Details
) -> AgendaEvent:
    """Put what is said in place of what the date has.

    Raises:
        NotFound, LostRace, Conflict, Unprocessable: as `seen`, `match` and `core.agenda.change`.
    """
    before = await seen(AGENDA, work.connection, caller, id, to_change=True)
    match(before.version)
    after = change(before, said, work.now)
    await AGENDA.replace(work.connection, after, before.version)
    await _record(work, after, caller, "was changed")
    return after


async def call_off(work: Work, caller: Caller, id: str, match: Match) -> AgendaEvent:
    """Cancel a date.

    Raises:
        NotFound, LostRace: as `seen` and `match`.
    """
    before = await seen(AGENDA, work.connection, caller, id, to_change=True)
    match(before.version)
    after = cancel(before, work.now)
    if after is not before:
        await AGENDA.replace(work.connection, after, before.version)
        await _record(work, after, caller, "was cancelled")
    return after


async def _record(work: Work, event: AgendaEvent, caller: Caller, done: str) -> None:
    line = ActivityLine("EVENT_UPDATED", caller.user, event.id, f"{event.title} {done}")
    await work.record(event.organization_id, [of_agenda_event(event)], line)
