"""Organisations with members, contributions and approvals, put straight into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert

from unionflow_backend.adapters.database.tables import (
    approvals,
    contributions,
    lanes,
    members,
    organizations,
)
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.core.approvals import ApprovalStatus
from unionflow_backend.core.contributions import ContributionStatus
from unionflow_backend.core.members import MemberStatus

THEN = 1_790_000_000_000
_TIMES = {"created_at": THEN, "updated_at": THEN, "version": 1}


def organization(id: str) -> dict[str, Any]:
    own = {"id": id, "name": id.title(), "currency": "XOF", "approval_levels": ()}
    return {**own, **_TIMES}


def member(id: str, of: str, *, active: bool = True) -> dict[str, Any]:
    return {
        "id": id,
        "organization_id": of,
        "first_name": "Awa",
        "last_name": "Ndiaye",
        "email": f"{id}@example.org",
        "roles": frozenset(),
        "status": MemberStatus.ACTIVE if active else MemberStatus.INACTIVE,
        "status_at": THEN,
        **_TIMES,
    }


def contribution(id: str, of: str, member_id: str, paid: int, due_on: str) -> dict[str, Any]:
    """Of 10,000 XOF."""
    return {
        "id": id,
        "organization_id": of,
        "member_id": member_id,
        "label": "October",
        "amount": 10_000,
        "paid": paid,
        "currency": "XOF",
        "due_on": due_on,
        "status": ContributionStatus.PAID if paid == 10_000 else ContributionStatus.DUE,
        "reminders": 0,
        **_TIMES,
    }


def approval(id: str, of: str, *, pending: bool = True) -> dict[str, Any]:
    return {
        "id": id,
        "organization_id": of,
        "transaction_type": "LOAN",
        "amount": 250_000,
        "currency": "XOF",
        "reason": "",
        "requested_by": "awa",
        "status": ApprovalStatus.PENDING if pending else ApprovalStatus.REJECTED,
        "approvals": 0,
        "approvals_needed": 1,
        **_TIMES,
    }


async def fill(database: Database, *tables: tuple[Table, Sequence[dict[str, Any]]]) -> None:
    """Insert rows, table after table."""
    async with database.engine.begin() as connection:
        for table, rows in tables:
            for start in range(0, len(rows), 2_000):
                await connection.execute(insert(table), list(rows[start : start + 2_000]))


async def dakar_and_cotonou(database: Database) -> None:
    """Dakar: two members of three, 15,000 of 20,000 due, one pending. Cotonou: nothing."""
    await fill(
        database,
        (organizations, [organization("dakar"), organization("cotonou")]),
        (lanes, [{"lane": "dakar", "number": 7}, {"lane": "cotonou", "number": 1}]),
        (members, [member(str(n), "dakar", active=n > 0) for n in range(3)]),
        (
            contributions,
            [
                contribution("c1", "dakar", "1", 10_000, "2020-01-31"),
                contribution("c2", "dakar", "1", 5_000, "2020-02-29"),
                contribution("c3", "dakar", "2", 1_000, "2999-01-31"),
            ],
        ),
        (approvals, [approval("a1", "dakar"), approval("a2", "dakar", pending=False)]),
    )
