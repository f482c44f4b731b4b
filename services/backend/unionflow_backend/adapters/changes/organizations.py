"""Founding an organisation, and changing what it is called and who must approve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unionflow_backend.adapters.database.kept import ORGANIZATIONS, organization
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.core.announcements import ActivityLine
from unionflow_backend.core.money import read_amount, require_currency
from unionflow_backend.core.organizations import Level, Organization, require_levels
from unionflow_backend.core.permissions import Caller
from unionflow_backend.errors import Conflict

Levels = Sequence[tuple[str, int]]
"""(from amount, as a decimal string; approvers) of each level."""


async def found_organization(
    work: Work, caller: Caller, id: str, *, name: str, currency: str, levels: Levels
) -> Organization:
    """A new organisation.

    Raises:
        Conflict: there is one with this id.
        Unprocessable: the currency or a level is none.
    """
    require_currency(currency)
    if await ORGANIZATIONS.find(work.connection, id) is not None:
        raise Conflict(f"there is an organisation {id} already")
    founded = Organization(
        id=id,
        name=name,
        currency=currency,
        approval_levels=_levels(levels, currency),
        created_at=work.now,
        updated_at=work.now,
    )
    await ORGANIZATIONS.add(work.connection, founded)
    await _record(work, founded, caller, "ORGANIZATION_CREATED", "was founded")
    return founded


async def change_organization(
    work: Work,
    caller: Caller,
    id: str,
    match: Callable[[int], None],
    *,
    name: str | None,
    levels: Levels | None,
) -> Organization:
    """Give it another name, other levels, or both.

    Raises:
        NotFound, LostRace, Unprocessable: as `organization`, `match` and `require_levels`.
    """
    before = await organization(work.connection, caller, id, to_change=True)
    match(before.version)
    new_levels = None if levels is None else _levels(levels, before.currency)
    after = before.changed(work.now, name=name, levels=new_levels)
    await ORGANIZATIONS.replace(work.connection, after, before.version)
    await _record(work, after, caller, "ORGANIZATION_UPDATED", "was changed")
    return after


def _levels(levels: Levels, currency: str) -> tuple[Level, ...]:
    return require_levels(
        [
            Level(
                0
                if amount.strip("0.") == ""
                else read_amount(amount, currency, f"approvalLevels.{place}.fromAmount"),
                approvers,
            )
            for place, (amount, approvers) in enumerate(levels)
        ]
    )


async def _record(work: Work, it: Organization, caller: Caller, kind: str, done: str) -> None:
    line = ActivityLine(kind, caller.user, it.id, f"{it.name} {done} by {caller.user}")
    await work.record(it.id, [], line)
