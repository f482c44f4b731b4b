"""The demonstration's societies: the same each time, and sums that are right."""

from __future__ import annotations

import random
from datetime import date

from sqlalchemy import select

from unionflow_backend.adapters.database.tables import contributions, members, payments
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.statistics.figures import figures_of
from unionflow_backend.core.members import MemberStatus
from unionflow_backend.demo.books import Books
from unionflow_backend.demo.names import SOCIETIES
from unionflow_backend.demo.seed import seed

TODAY = date(2026, 11, 24)


def test_the_same_seed_and_day_make_the_same_books() -> None:
    one, two = (Books(SOCIETIES[0], random.Random(1), TODAY).rows() for _ in range(2))
    assert one == two


def test_another_seed_makes_other_books() -> None:
    one, two = (Books(SOCIETIES[0], random.Random(n), TODAY).rows() for n in (1, 2))
    assert one != two


def test_nothing_in_them_happened_after_their_day() -> None:
    rows = Books(SOCIETIES[1], random.Random(1), TODAY).rows()
    newest = max(row["updated_at"] for name in ("members", "contributions") for row in rows[name])
    assert newest < Books(SOCIETIES[1], random.Random(1), TODAY)._ms(TODAY)


async def test_figures_of_seeded_societies_add_up(database: Database) -> None:
    assert await seed(database) == len(SOCIETIES)
    ids = [society.id for society in SOCIETIES]
    async with database.reading() as connection:
        figures = await figures_of(connection, ids, database.clock())
        paid = (await connection.execute(select(payments))).all()
        owed = (await connection.execute(select(contributions))).all()
        everyone = (await connection.execute(select(members))).all()
    for id in ids:
        mine = figures[id]
        assert mine.contributions == sum(row.amount for row in paid if row.organization_id == id)
        assert mine.contributions == sum(row.paid for row in owed if row.organization_id == id)
        active = [row for row in everyone if row.status is MemberStatus.ACTIVE]
        assert mine.members == sum(row.organization_id == id for row in active)
        assert mine.pending_approvals == 2
        assert mine.due > mine.due_paid > 0


async def test_societies_that_are_there_are_left_as_they_are(database: Database) -> None:
    await seed(database)
    assert await seed(database) == 0
