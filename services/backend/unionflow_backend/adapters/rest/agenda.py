"""`/events`: the dates of an organisation's agenda."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.agenda import call_off, reschedule, schedule
from unionflow_backend.adapters.database.kept import AGENDA, seen
from unionflow_backend.adapters.database.lists import conditions
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.adapters.rest.call import (
    Acting,
    InOrganization,
    Paged,
    Posting,
    Reading,
    Reply,
    SortColumns,
    Updating,
    sorted_by,
)
from unionflow_backend.adapters.rest.fields import (
    Given,
    Id,
    Moment,
    OrganizationId,
    Place,
    Prose,
    Taken,
    Time,
    Title,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.agenda import AgendaEvent, AgendaKind, AgendaStatus, Details
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation

router = APIRouter(prefix="/events", tags=["events"])
SORTS: SortColumns = {
    "startsAt": ("starts_at", int),
    "createdAt": ("created_at", int),
}


class NewEvent(Taken):
    """A new date."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationId": "mutuelle-dakar",
                    "title": "General meeting",
                    "kind": "GENERAL_MEETING",
                    "location": "Hall of the market, Dakar",
                    "startsAt": "2026-12-05T09:00:00Z",
                    "endsAt": "2026-12-05T12:00:00Z",
                }
            ]
        }
    )

    organization_id: OrganizationId
    title: Title = Field(examples=["General meeting"])
    description: Prose = ""
    kind: AgendaKind = AgendaKind.OTHER
    location: Place = Field("", examples=["Hall of the market, Dakar"])
    starts_at: Time
    ends_at: Time = Field(examples=["2026-12-05T12:00:00Z"])


class EventChanges(Taken):
    """What is to change; what is left out stays."""

    title: Title | None = None
    description: Prose | None = None
    kind: AgendaKind | None = None
    location: Place | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None


class EventView(Given):
    """A date of the agenda."""

    id: str
    organization_id: str
    title: str
    description: str
    kind: AgendaKind
    location: str
    starts_at: Moment
    ends_at: Moment
    status: AgendaStatus
    created_at: Moment
    updated_at: Moment


class EventList(Given):
    """A page of dates."""

    items: list[EventView]
    next_cursor: str | None


def view(it: AgendaEvent) -> EventView:
    """A date as an answer has it."""
    return EventView(
        id=it.id,
        organization_id=it.organization_id,
        title=it.title,
        description=it.description,
        kind=it.kind,
        location=it.location,
        starts_at=moment(it.starts_at),
        ends_at=moment(it.ends_at),
        status=it.status,
        created_at=moment(it.created_at),
        updated_at=moment(it.updated_at),
    )


def _reply(it: AgendaEvent, status: int = 200, location: str | None = None) -> Reply:
    return Reply(view(it), status, it.version, location)


@router.get("", response_model=EventList, responses=responses())
async def list_events(
    call: Reading,
    paging: Paged,
    organization_id: InOrganization = None,
    status: AgendaStatus | None = None,
    from_: Annotated[
        Time | None, Query(alias="from", description="Starting then or later.")
    ] = None,
    to: Annotated[Time | None, Query(description="Starting before then.")] = None,
    sort: Annotated[str, sorted_by(SORTS)] = "startsAt",
) -> Response:
    """The dates of an organisation, soonest first."""
    order, after = paging.read(sort, SORTS)
    organization = call.organization(organization_id)
    wanted = list(conditions(AGENDA.table, organization, status=status))
    if from_ is not None:
        wanted.append(AGENDA.table.c.starts_at >= from_)
    if to is not None:
        wanted.append(AGENDA.table.c.starts_at < to)

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        page = await AGENDA.page(connection, wanted, order, after, paging.limit)
        cursor = write_cursor(order, page.after)
        return Reply(EventList(items=list(map(view, page.items)), next_cursor=cursor))

    return await call.read(Operation.AGENDA_READ, ask, organization)


@router.post("", status_code=201, response_model=EventView, responses=responses(409))
async def create_event(body: NewEvent, call: Posting) -> Response:
    """Set a date."""
    said = Details(
        body.title, body.description, body.kind, body.location, body.starts_at, body.ends_at
    )

    async def act(work: Work, caller: Caller) -> Reply:
        made = await schedule(work, caller, body.organization_id, said)
        return _reply(made, 201, f"/events/{made.id}")

    return await call.change(Operation.AGENDA_WRITE, act, body.organization_id)


@router.get("/{id}", response_model=EventView, responses=responses())
async def get_event(id: Id, call: Reading) -> Response:
    """A date."""

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return _reply(await seen(AGENDA, connection, caller, id))

    return await call.read(Operation.AGENDA_READ, ask)


@router.patch("/{id}", response_model=EventView, responses=responses(409, 412))
async def update_event(id: Id, body: EventChanges, call: Updating) -> Response:
    """Change a date that is not cancelled."""
    said = Details(
        body.title, body.description, body.kind, body.location, body.starts_at, body.ends_at
    )

    async def act(work: Work, caller: Caller) -> Reply:
        return _reply(await reschedule(work, caller, id, call.require_match, said))

    return await call.change(Operation.AGENDA_WRITE, act)


@router.post("/{id}/cancel", response_model=EventView, responses=responses(409, 412))
async def cancel_event(id: Id, call: Acting) -> Response:
    """Cancel a date."""

    async def act(work: Work, caller: Caller) -> Reply:
        return _reply(await call_off(work, caller, id, call.require_match))

    return await call.change(Operation.AGENDA_WRITE, act)
