"""A large society's books, and an outbox that is full, put straight into the tables."""

from __future__ import annotations

from sqlalchemy import insert, text

from tests.backend.outbox.societies import (
    THEN,
    approval,
    contribution,
    fill,
    member,
    organization,
)
from unionflow_backend.adapters.database.tables import (
    activities,
    agenda_events,
    approvals,
    contributions,
    lanes,
    members,
    notifications,
    organizations,
)
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.core.agenda import AgendaKind, AgendaStatus
from unionflow_backend.core.announcements import Announcement
from unionflow_events import EventType

LARGE = "mutuelle"
MEMBERS = 50_000
OTHERS = 10_000  # rows of each of the other tables
LANES = 20
_AT_ONCE = 500
_DAY_MS = 86_400_000


async def fill_books(database: Database) -> None:
    """50,000 members in one society, with a contribution each, and 10,000 rows of all else."""
    await fill(
        database,
        (organizations, [organization(LARGE)]),
        (lanes, [{"lane": LARGE, "number": 1}]),
        (members, [{**member(f"m{n}", LARGE), "created_at": THEN + n} for n in range(MEMBERS)]),
        (contributions, [_contribution(n) for n in range(MEMBERS)]),
        (approvals, [approval(f"a{n}", LARGE, pending=n % 100 == 0) for n in range(OTHERS)]),
        (activities, [_activity(n) for n in range(OTHERS)]),
        (notifications, [_notification(n) for n in range(OTHERS)]),
        (agenda_events, [_date(n) for n in range(OTHERS)]),
    )
    async with database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def fill_outbox(database: Database, events: int) -> None:
    """So many events that wait, in the lanes of 20 organisations in turn."""
    for turn in range(events // _AT_ONCE):
        lane = f"lane-{turn % LANES}"
        data = {"id": "collection-rate", "name": "collection rate", "value": turn, "unit": "%"}
        said = [Announcement(EventType.KPI_UPDATED, data, lane)] * _AT_ONCE
        async with database.writing() as work:
            await work.record(lane, said)


async def fill_organizations(database: Database, count: int) -> None:
    """So many organisations of which nothing was ever said."""
    ids = [f"org-{number:05}" for number in range(count)]
    async with database.engine.begin() as connection:
        await connection.execute(insert(organizations), [organization(id) for id in ids])
        await connection.execute(insert(lanes), [{"lane": id, "number": 1} for id in ids])


def _contribution(number: int) -> dict[str, object]:
    due = f"2026-{1 + number % 12:02}-28"
    return contribution(f"c{number}", LARGE, f"m{number}", 10_000 if number % 3 else 0, due)


def _activity(number: int) -> dict[str, object]:
    own = {"id": f"l{number}", "organization_id": LARGE, "kind": "MEMBER_CREATED", "actor": "awa"}
    return {**own, "subject_id": f"m{number}", "text": "joined", "created_at": THEN + number}


def _notification(number: int) -> dict[str, object]:
    own = {"id": f"n{number}", "organization_id": LARGE, "addressee": f"organization:{LARGE}"}
    said = {"title": "A meeting", "body": "On Sunday.", "created_by": "awa"}
    return {**own, **said, "created_at": THEN + number}


def _date(number: int) -> dict[str, object]:
    starts = THEN + number * _DAY_MS // 10
    times = {"starts_at": starts, "ends_at": starts + 1, "created_at": THEN, "updated_at": THEN}
    said = {"title": "A meeting", "description": "", "location": "Dakar", "version": 1}
    kinds = {"kind": next(iter(AgendaKind)), "status": next(iter(AgendaStatus))}
    return {"id": f"e{number}", "organization_id": LARGE, **said, **kinds, **times}
