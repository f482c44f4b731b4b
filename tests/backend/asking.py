"""Asks the API as its clients do, without a network: httpx straight into the application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.rest.application import create_application, serve
from unionflow_backend.adapters.rest.call import Api
from unionflow_backend.adapters.rest.callers import Callers, HeaderCallers
from unionflow_backend.adapters.rest.site import Site
from unionflow_runtime.access import AuthMode

DAKAR = "mutuelle-dakar"
ABIDJAN = "mutuelle-abidjan"


@dataclass(frozen=True, slots=True)
class Who:
    """A caller, by the headers of `UNIONFLOW_AUTH=none`."""

    user: str
    roles: str = "member"
    organizations: str = DAKAR

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-User-Id": self.user,
            "X-Organization-Ids": self.organizations,
            "X-Roles": self.roles,
        }


MEMBER = Who("moussa")
TREASURER = Who("awa", "treasurer")
SECOND_TREASURER = Who("binta", "treasurer")
PRESIDENT = Who("omar", "president")
ADMINISTRATOR = Who("admin", "administrator")
STRANGER = Who("kofi", "president", ABIDJAN)


@dataclass(frozen=True, slots=True)
class Asking:
    """The API. `counted`: operation and status of each request that was answered."""

    http: httpx.AsyncClient
    database: Database
    counted: list[tuple[str, int]] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        who: Who | Mapping[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One request. who: or the headers that say it. Header names have `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        said = who.headers if isinstance(who, Who) else dict(who or {})
        sent = {**said, **named}
        content = None if body is None else json.dumps(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        return await self.http.request(method, f"/api/v1{path}", content=content, headers=sent)

    async def get(
        self, path: str, who: Who | Mapping[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        return await self.ask("GET", path, None, who, **headers)

    async def post(
        self,
        path: str,
        body: object = None,
        who: Who | Mapping[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        return await self.ask("POST", path, body, who, **headers)

    async def made(self, path: str, body: object, who: Who | None = None) -> dict[str, Any]:
        """What a POST made."""
        answer = await self.post(path, body, who)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def said(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """(type, payload) of each event in the outbox but activities, in order."""
        query = select(outbox.c.event_type, outbox.c.data).order_by(outbox.c.lane, outbox.c.number)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [(kind, json.loads(data)) for kind, data in rows if kind != "ACTIVITY_CREATED"]

    async def types(self) -> Sequence[str]:
        """The type of each event in the outbox, activities too, in order."""
        query = select(outbox.c.event_type).order_by(outbox.c.lane, outbox.c.number)
        async with self.database.reading() as connection:
            return list((await connection.execute(query)).scalars())


@cache
def application(where: Site, *, tokens: bool) -> FastAPI:
    """One application for all tests that need such a one, one after the other: 0.3 s to make."""
    return create_application(replace(where, auth=AuthMode.JWT if tokens else AuthMode.NONE))


@cache
def document(*, tokens: bool = False) -> Mapping[str, Any]:
    """The OpenAPI document: 0.7 s to make."""
    return application(Site(), tokens=tokens).openapi()


@asynccontextmanager
async def calling(
    database: Database,
    callers: Callers | None = None,
    where: Site | None = None,
    origins: Collection[str] = (),
) -> AsyncIterator[Asking]:
    """The API over a database. callers: None believes headers."""
    site = where or Site()
    app = application(site, tokens=callers is not None)
    counted: list[tuple[str, int]] = []
    api = Api(database, callers or HeaderCallers(), site.base_path, on_replay=lambda: None)
    served = serve(
        app,
        api,
        lambda operation, status, _seconds: counted.append((operation, status)),
        origins,
    )
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(transport=transport, base_url="http://backend") as http:
        yield Asking(http, database, counted)


async def organization(
    api: Asking, id: str = DAKAR, currency: str = "XOF", **more: object
) -> dict[str, Any]:
    """A new organisation."""
    name = id.replace("-", " ").title()
    return await api.made("/organizations", {"id": id, "name": name, "currency": currency, **more})


def an_approval(amount: str = "125000", organization_id: str = DAKAR) -> dict[str, Any]:
    """The body of a request to spend."""
    return {
        "organizationId": organization_id,
        "transactionType": "LOAN",
        "amount": amount,
        "currency": "XOF",
        "reason": "Seeds for the dry season",
    }


def a_member(name: str = "Awa", organization_id: str = DAKAR, **more: object) -> dict[str, Any]:
    """The body of somebody who joins."""
    return {
        "organizationId": organization_id,
        "firstName": name,
        "lastName": "Diop",
        "email": f"{name.lower()}@example.org",
        **more,
    }


def a_contribution(member_id: str, amount: str = "5000") -> dict[str, Any]:
    """The body of a contribution that is due."""
    return {
        "organizationId": DAKAR,
        "memberId": member_id,
        "label": "December",
        "amount": amount,
        "dueOn": "2026-12-31",
    }


def a_date(**more: object) -> dict[str, Any]:
    """The body of a date of the agenda, far enough to be still to come."""
    return {
        "organizationId": DAKAR,
        "title": "General meeting",
        "kind": "GENERAL_MEETING",
        "location": "Dakar",
        "startsAt": "2090-12-05T09:00:00Z",
        "endsAt": "2090-12-05T12:00:00Z",
        **more,
    }
