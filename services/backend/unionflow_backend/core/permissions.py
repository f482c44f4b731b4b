"""Who may do what: one table of role and operation, and one place where it is asked.

An organisation that a caller does not belong to does not exist for them: 404, so that nobody
learns by asking which organisations there are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from unionflow_backend.core.roles import Role
from unionflow_backend.errors import Forbidden, NotFound


class Operation(StrEnum):
    """Everything that can be asked for."""

    ORGANIZATIONS_READ = "organizations.read"
    ORGANIZATIONS_CREATE = "organizations.create"
    ORGANIZATIONS_UPDATE = "organizations.update"
    MEMBERS_READ = "members.read"
    MEMBERS_CREATE = "members.create"
    MEMBERS_UPDATE = "members.update"
    MEMBERS_DEACTIVATE = "members.deactivate"
    MEMBERS_SET_ROLES = "members.set-roles"
    APPROVALS_READ = "approvals.read"
    APPROVALS_CREATE = "approvals.create"
    APPROVALS_DECIDE = "approvals.decide"
    CONTRIBUTIONS_READ = "contributions.read"
    CONTRIBUTIONS_CREATE = "contributions.create"
    CONTRIBUTIONS_UPDATE = "contributions.update"
    CONTRIBUTIONS_PAY = "contributions.pay"
    CONTRIBUTIONS_REMIND = "contributions.remind"
    NOTIFICATIONS_READ = "notifications.read"
    NOTIFICATIONS_SEND = "notifications.send"
    NOTIFICATIONS_SEND_TO_ALL = "notifications.send-to-all"
    AGENDA_READ = "agenda.read"
    AGENDA_WRITE = "agenda.write"
    DASHBOARD_READ = "dashboard.read"
    DEV_PUBLISH = "dev.publish"


_MEMBERS_TOO: Final = frozenset(Role)
_TREASURY: Final = frozenset({Role.TREASURER, Role.PRESIDENT, Role.ADMINISTRATOR})
_BOARD: Final = frozenset({Role.PRESIDENT, Role.ADMINISTRATOR})
_PLATFORM: Final = frozenset({Role.ADMINISTRATOR})

ALLOWED: Final = {
    Operation.ORGANIZATIONS_READ: _MEMBERS_TOO,
    Operation.ORGANIZATIONS_CREATE: _PLATFORM,
    Operation.ORGANIZATIONS_UPDATE: _BOARD,
    Operation.MEMBERS_READ: _TREASURY,
    Operation.MEMBERS_CREATE: _BOARD,
    Operation.MEMBERS_UPDATE: _BOARD,
    Operation.MEMBERS_DEACTIVATE: _BOARD,
    Operation.MEMBERS_SET_ROLES: _BOARD,
    Operation.APPROVALS_READ: _MEMBERS_TOO,
    Operation.APPROVALS_CREATE: _MEMBERS_TOO,
    Operation.APPROVALS_DECIDE: _TREASURY,
    Operation.CONTRIBUTIONS_READ: _MEMBERS_TOO,
    Operation.CONTRIBUTIONS_CREATE: _TREASURY,
    Operation.CONTRIBUTIONS_UPDATE: _TREASURY,
    Operation.CONTRIBUTIONS_PAY: _TREASURY,
    Operation.CONTRIBUTIONS_REMIND: _TREASURY,
    Operation.NOTIFICATIONS_READ: _MEMBERS_TOO,
    Operation.NOTIFICATIONS_SEND: _TREASURY,
    Operation.NOTIFICATIONS_SEND_TO_ALL: _PLATFORM,
    Operation.AGENDA_READ: _MEMBERS_TOO,
    Operation.AGENDA_WRITE: _BOARD,
    Operation.DASHBOARD_READ: _MEMBERS_TOO,
    Operation.DEV_PUBLISH: _PLATFORM,
}
"""Which roles may."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    organizations: where they belong; None is everywhere (`UNIONFLOW_AUTH=none` alone).
    issued_at: when their token was made, milliseconds since 1970; 0 without one.
    named: False for whoever did not say who they are, which only `UNIONFLOW_AUTH=none` allows.
    """

    user: str
    organizations: frozenset[str] | None
    roles: frozenset[Role]
    issued_at: int = 0
    named: bool = True

    def sees(self, organization_id: str) -> bool:
        """Whether the organisation exists for them."""
        return self.organizations is None or organization_id in self.organizations

    def without(self, organizations: Collection[str]) -> Caller:
        """The same caller, who no longer belongs to these."""
        if not organizations or self.organizations is None:
            return self
        left = self.organizations - frozenset(organizations)
        return Caller(self.user, left, self.roles, self.issued_at, self.named)


def read_roles(names: Collection[str]) -> frozenset[Role]:
    """The roles among a token's, which has other systems' too; `member` is always one."""
    known = {role.value for role in Role}
    return frozenset({Role(name) for name in names if name in known} | {Role.MEMBER})


def require(caller: Caller, operation: Operation, organization_id: str | None = None) -> None:
    """Return where the caller may do this, in this organisation where it is in one.

    Raises:
        NotFound: the organisation does not exist for them.
        Forbidden: none of their roles allows it.
    """
    if organization_id is not None and not caller.sees(organization_id):
        raise NotFound(f"there is no organisation {organization_id!a}")
    if caller.roles.isdisjoint(ALLOWED[operation]):
        needed = ", ".join(role.value for role in Role if role in ALLOWED[operation])
        raise Forbidden(f"{operation.value} needs one of the roles {needed}")
