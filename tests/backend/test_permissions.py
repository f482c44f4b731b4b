"""Who may do what: the table, and every operation asked for by everybody who may not."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests.backend.asking import (
    ABIDJAN,
    ADMINISTRATOR,
    DAKAR,
    MEMBER,
    PRESIDENT,
    STRANGER,
    TREASURER,
    Asking,
    Who,
    calling,
    organization,
)
from tests.backend.operations import Request, documented, populate, requests
from tests.backend.tokens import SECRET_CALLERS, token
from unionflow_backend.core.permissions import ALLOWED, Caller, Operation, read_roles, require
from unionflow_backend.core.roles import Role
from unionflow_backend.errors import Forbidden, NotFound

# The table as it is meant, written down a second time: m, t, p, a are the roles that may.
MEANT = {
    "organizations.read": "mtpa",
    "organizations.create": "a",
    "organizations.update": "pa",
    "members.read": "tpa",
    "members.create": "pa",
    "members.update": "pa",
    "members.deactivate": "pa",
    "members.set-roles": "pa",
    "approvals.read": "mtpa",
    "approvals.create": "mtpa",
    "approvals.decide": "tpa",
    "contributions.read": "mtpa",
    "contributions.create": "tpa",
    "contributions.update": "tpa",
    "contributions.pay": "tpa",
    "contributions.remind": "tpa",
    "notifications.read": "mtpa",
    "notifications.send": "tpa",
    "notifications.send-to-all": "a",
    "agenda.read": "mtpa",
    "agenda.write": "pa",
    "dashboard.read": "mtpa",
    "dev.publish": "a",
}
PEOPLE = (MEMBER, TREASURER, PRESIDENT, ADMINISTRATOR)


def caller(*roles: Role, organizations: frozenset[str] | None = frozenset({DAKAR})) -> Caller:
    return Caller("awa", organizations, frozenset(roles))


def test_the_table_names_every_operation_and_no_other() -> None:
    assert {operation.value for operation in Operation} == set(MEANT)
    assert set(ALLOWED) == set(Operation)


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says(operation: Operation, role: Role) -> None:
    may = role.value[0] in MEANT[operation.value]
    with nullcontext() if may else pytest.raises(Forbidden):
        require(caller(role), operation, DAKAR)


@pytest.mark.parametrize("operation", Operation)
def test_another_organisation_does_not_exist_whatever_ones_roles(operation: Operation) -> None:
    with pytest.raises(NotFound):
        require(caller(*Role), operation, ABIDJAN)
    require(caller(*Role, organizations=None), operation, ABIDJAN)


def test_whoever_belongs_is_a_member_and_foreign_roles_count_for_nothing() -> None:
    assert read_roles([]) == {Role.MEMBER}
    assert read_roles(["offline_access", "treasurer", "Administrator"]) == {
        Role.MEMBER,
        Role.TREASURER,
    }


async def test_every_operation_of_the_document_is_asked_here(sqlite_api: Asking) -> None:
    asked = {request.id for request in requests(await populate(sqlite_api))}
    assert asked == set(documented())


async def test_every_operation_does_its_work_for_whoever_may(api: Asking) -> None:
    told = []
    for request in requests(await populate(api)):
        answer = await ask(api, request, ADMINISTRATOR)
        told.append((request.id, answer, request.status))
    assert [(id, status) for id, status, _ in told] == [(id, meant) for id, _, meant in told]


async def test_every_operation_is_refused_to_whoever_has_too_little_role(
    sqlite_api: Asking,
) -> None:
    before = await populated(sqlite_api)
    refused = [
        (request.id, who.roles, await ask(sqlite_api, request, who))
        for request in before
        for who in PEOPLE
        if who.roles[0] not in MEANT[request.needs.value]
    ]
    assert len(refused) > 30
    assert [one for one in refused if one[2] != 403] == []


async def test_every_thing_of_another_organisation_does_not_exist(sqlite_api: Asking) -> None:
    found = [
        (request.id, await ask(sqlite_api, request, STRANGER))
        for request in await populated(sqlite_api)
        if request.of
    ]
    assert len(found) > 30
    assert [one for one in found if one[1] != 404] == []


async def test_nothing_that_was_refused_has_changed_anything(sqlite_api: Asking) -> None:
    before = await populated(sqlite_api)
    types = await sqlite_api.types()
    for request in before:
        for who in (STRANGER, Who("nobody", "member", "")):
            if request.of and request.method != "GET":
                await ask(sqlite_api, request, who)
    assert await sqlite_api.types() == types


async def test_every_operation_asks_a_stranger_for_a_token(sqlite_api: Asking) -> None:
    world = await populate(sqlite_api)
    async with calling(sqlite_api.database, SECRET_CALLERS) as api:
        answers = [
            await api.ask(request.method, request.path, request.body) for request in requests(world)
        ]
        forged = token(organizations=[DAKAR])[:-4] + "AAAA"
        for request in requests(world):
            bearer = {"Authorization": f"Bearer {forged}"}
            answers.append(await api.ask(request.method, request.path, request.body, bearer))
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {
        'Bearer realm="unionflow"'
    }


async def populated(api: Asking) -> list[Request]:
    await organization(api, ABIDJAN)
    return list(requests(await populate(api)))


async def ask(api: Asking, request: Request, who: Who) -> int:
    return (await api.ask(request.method, request.path, request.body, who)).status_code
