"""`/dashboard`: what a phone loads when it opens, in one answer or part by part."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database.kept import ACTIVITIES, AGENDA, organization
from unionflow_backend.adapters.database.lists import conditions
from unionflow_backend.adapters.rest import agenda, organizations
from unionflow_backend.adapters.rest.call import Call, InOrganization, Paged, Reading, Reply
from unionflow_backend.adapters.rest.fields import Given, Moment, moment
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.activities import Activity
from unionflow_backend.core.agenda import AgendaEvent, AgendaStatus
from unionflow_backend.core.money import write_amount
from unionflow_backend.core.months import Month
from unionflow_backend.core.organizations import Organization
from unionflow_backend.core.pages import After, Sort, write_cursor
from unionflow_backend.core.permissions import Caller, Operation
from unionflow_backend.core.statistics import Figures

router = APIRouter(prefix="/dashboard", tags=["dashboard"])
LINES = 20
_NEWEST = Sort("createdAt", "created_at", int, descending=True)
_SOONEST = Sort("startsAt", "starts_at", int, descending=False)


class StatsView(Given):
    """The organisation's figures, as the event DASHBOARD_STATS_UPDATED has them."""

    total_members: int
    total_contributions: str = Field(description="All that was ever paid.", examples=["1250000"])
    pending_approvals: int
    currency: str


class KpiView(Given):
    """One indicator, as the event KPI_UPDATED has it."""

    id: str = Field(examples=["collection-rate"])
    name: str
    value: float
    unit: str = Field(examples=["%"])


class KpiList(Given):
    """All indicators."""

    items: list[KpiView]


class MonthView(Given):
    """What contributions of one month come to, by the date on which they fall due."""

    month: str = Field(examples=["2026-11"])
    due: str = Field(description="Of all of them.", examples=["180000"])
    paid: str = Field(description="What of it is paid.", examples=["145000"])


class MonthList(Given):
    """The last twelve months, oldest first, from the first in which something fell due."""

    currency: str
    items: list[MonthView]


class ActivityView(Given):
    """A line of recent activity, as the event ACTIVITY_CREATED has it."""

    id: str
    kind: str = Field(examples=["APPROVAL_APPROVED"])
    actor: str
    subject_id: str
    text: str
    created_at: Moment


class ActivityList(Given):
    """A page of recent activity."""

    items: list[ActivityView]
    next_cursor: str | None


class DashboardView(Given):
    """All of it: a first page of each part."""

    organization: organizations.OrganizationView
    stats: StatsView
    kpis: list[KpiView]
    activities: list[ActivityView]
    events: list[agenda.EventView]


def _stats(figures: Figures) -> StatsView:
    return StatsView.model_validate(dict(figures.stats()))


def _kpis(figures: Figures) -> list[KpiView]:
    return [KpiView(id=it.id, name=it.name, value=it.value, unit=it.unit) for it in figures.kpis()]


def _month(it: Month, currency: str) -> MonthView:
    return MonthView(
        month=it.month, due=write_amount(it.due, currency), paid=write_amount(it.paid, currency)
    )


def _activity(it: Activity) -> ActivityView:
    return ActivityView(
        id=it.id,
        kind=it.kind,
        actor=it.actor,
        subject_id=it.subject_id,
        text=it.text,
        created_at=moment(it.created_at),
    )


async def _figures(
    call: Call, connection: AsyncConnection, caller: Caller, id: str
) -> tuple[Organization, Figures]:
    owner = await organization(connection, caller, id)
    figures = await call.figures.of(connection, owner.id, call.now())
    return owner, figures or Figures(owner.currency)


async def _upcoming(
    connection: AsyncConnection, id: str, now: int, after: After | None, limit: int
) -> tuple[Sequence[AgendaEvent], After | None]:
    dates = conditions(AGENDA.table, id, status=AgendaStatus.SCHEDULED)
    to_come = [*dates, AGENDA.table.c.starts_at >= now]
    page = await AGENDA.page(connection, to_come, _SOONEST, after, limit)
    return page.items, page.after


async def _recent(
    connection: AsyncConnection, id: str, after: After | None, limit: int
) -> tuple[Sequence[Activity], After | None]:
    lines = conditions(ACTIVITIES.table, id)
    page = await ACTIVITIES.page(connection, lines, _NEWEST, after, limit)
    return page.items, page.after


@router.get("", response_model=DashboardView, responses=responses())
async def get_dashboard(call: Reading, organization_id: InOrganization = None) -> Response:
    """All that a dashboard shows first."""
    id, now = call.organization(organization_id), call.now()

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        owner, figures = await _figures(call, connection, caller, id)
        events, _ = await _upcoming(connection, id, now, None, LINES)
        activities, _ = await _recent(connection, id, None, LINES)
        return Reply(
            DashboardView(
                organization=organizations.view(owner),
                stats=_stats(figures),
                kpis=_kpis(figures),
                activities=list(map(_activity, activities)),
                events=list(map(agenda.view, events)),
            )
        )

    return await _watched(call, await call.read(Operation.DASHBOARD_READ, ask, id), id)


@router.get("/stats", response_model=StatsView, responses=responses())
async def get_stats(call: Reading, organization_id: InOrganization = None) -> Response:
    """The figures, as of now."""
    id = call.organization(organization_id)

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return Reply(_stats((await _figures(call, connection, caller, id))[1]))

    return await _watched(call, await call.read(Operation.DASHBOARD_READ, ask, id), id)


@router.get("/kpis", response_model=KpiList, responses=responses())
async def get_kpis(call: Reading, organization_id: InOrganization = None) -> Response:
    """The indicators, as of now."""
    id = call.organization(organization_id)

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        return Reply(KpiList(items=_kpis((await _figures(call, connection, caller, id))[1])))

    return await _watched(call, await call.read(Operation.DASHBOARD_READ, ask, id), id)


@router.get("/months", response_model=MonthList, responses=responses())
async def list_months(call: Reading, organization_id: InOrganization = None) -> Response:
    """What contributions came to in each of the last twelve months."""
    id = call.organization(organization_id)

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        owner = await organization(connection, caller, id)
        found = await call.months.of(connection, id, call.now())
        items = [_month(one, owner.currency) for one in found or ()]
        return Reply(MonthList(currency=owner.currency, items=items))

    return await call.read(Operation.DASHBOARD_READ, ask, id)


@router.get("/activities", response_model=ActivityList, responses=responses())
async def list_activities(
    call: Reading, paging: Paged, organization_id: InOrganization = None
) -> Response:
    """What was done lately, newest first."""
    id = call.organization(organization_id)
    _, after = paging.read("-createdAt", {"createdAt": ("created_at", int)})

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        found, following = await _recent(connection, id, after, paging.limit)
        cursor = write_cursor(_NEWEST, following)
        return Reply(ActivityList(items=list(map(_activity, found)), next_cursor=cursor))

    return await call.read(Operation.DASHBOARD_READ, ask, id)


@router.get("/events", response_model=agenda.EventList, responses=responses())
async def list_upcoming_events(
    call: Reading, paging: Paged, organization_id: InOrganization = None
) -> Response:
    """The dates to come that are not cancelled, soonest first."""
    id, now = call.organization(organization_id), call.now()
    _, after = paging.read("startsAt", {"startsAt": ("starts_at", int)})

    async def ask(connection: AsyncConnection, _caller: Caller) -> Reply:
        found, following = await _upcoming(connection, id, now, after, paging.limit)
        cursor = write_cursor(_SOONEST, following)
        return Reply(agenda.EventList(items=list(map(agenda.view, found)), next_cursor=cursor))

    return await call.read(Operation.DASHBOARD_READ, ask, id)


async def _watched(call: Call, answer: Response, organization_id: str) -> Response:
    """Have the figures kept fresh for whoever looks at them now."""
    await call.watch(organization_id)
    return answer
