"""One call of the API: who makes it, in which transaction, and the answer.

Rights, If-Match and Idempotency-Key are looked at here and nowhere else. A POST's answer is kept
in the transaction of the change itself, so that a process which dies between leaves neither.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.database import answers
from unionflow_backend.adapters.database.memberships import ended_memberships
from unionflow_backend.adapters.database.work import Database, Work
from unionflow_backend.adapters.rest.callers import Callers
from unionflow_backend.adapters.rest.fields import OrganizationId
from unionflow_backend.adapters.statistics.asking import ask
from unionflow_backend.adapters.statistics.figures import figures_of_one
from unionflow_backend.adapters.statistics.fresh import Fresh
from unionflow_backend.adapters.statistics.months import months_as_of
from unionflow_backend.core.etags import etag, require_match
from unionflow_backend.core.idempotency import MAX_KEY_LENGTH, Asked, Stored, asked, require_same
from unionflow_backend.core.months import Month
from unionflow_backend.core.pages import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    After,
    Sort,
    read_cursor,
    read_sort,
)
from unionflow_backend.core.permissions import Caller, Operation, require
from unionflow_backend.core.statistics import Figures
from unionflow_backend.errors import DatabaseUnavailable, Unprocessable

REPLAYED: Final = "Idempotency-Replayed"
SortColumns = dict[str, tuple[str, type[int | str]]]


@dataclass(frozen=True, slots=True)
class Api:
    """What every call needs. Kept in the application's state as `api`."""

    database: Database
    callers: Callers
    base_path: str
    on_replay: Callable[[], None]
    figures: Fresh[Figures] = field(default_factory=lambda: Fresh(figures_of_one))
    months: Fresh[Sequence[Month]] = field(default_factory=lambda: Fresh(months_as_of))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. version: for its ETag. location: of what was made, below `/api/v1`."""

    body: BaseModel
    status: int = 200
    version: int | None = None
    location: str | None = None


class Call:
    """One request, whose caller is known."""

    def __init__(self, request: Request, api: Api, caller: Caller) -> None:
        self._request = request
        self._api = api
        self.caller = caller

    async def read(
        self,
        operation: Operation,
        query: Callable[[AsyncConnection, Caller], Awaitable[Reply]],
        organization_id: str | None = None,
    ) -> Response:
        """Answer from one moment of the database."""
        async with self._api.database.reading() as connection:
            caller = await self._current(connection)
            require(caller, operation, organization_id)
            return self._response(await query(connection, caller))

    async def change(
        self,
        operation: Operation,
        act: Callable[[Work, Caller], Awaitable[Reply]],
        organization_id: str | None = None,
    ) -> Response:
        """Change something in one transaction, once for each Idempotency-Key."""
        request = await self._asked()
        async with self._api.database.writing() as work:
            caller = await self._current(work.connection)
            require(caller, operation, organization_id)
            if request is not None:
                stored = await answers.claim(work.connection, request, work.now)
                if stored is not None:
                    return self._replay(request, stored)
            response = self._response(await act(work, caller))
            if request is not None:
                headers = {
                    name: response.headers[name]
                    for name in ("etag", "location")
                    if name in response.headers
                }
                await answers.store(
                    work.connection,
                    request,
                    response.status_code,
                    orjson.dumps(headers).decode(),
                    bytes(response.body).decode(),
                )
        return response

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self._api.database.clock()

    @property
    def figures(self) -> Fresh[Figures]:
        """The figures of organisations."""
        return self._api.figures

    @property
    def months(self) -> Fresh[Sequence[Month]]:
        """Their last twelve months."""
        return self._api.months

    async def watch(self, organization_id: str) -> None:
        """Somebody looks at the figures of this organisation."""
        with contextlib.suppress(DatabaseUnavailable):  # the answer is there already
            await ask(self._api.database, organization_id)

    def require_match(self, version: int) -> None:
        """Return where the caller has read this version, or did not say which (If-Match).

        Raises:
            LostRace: it is another version.
        """
        require_match(self._request.headers.get("if-match"), version)

    def organization(self, named: str | None) -> str:
        """The organisation that is asked about: the one named, else the caller's only one.

        Raises:
            Unprocessable: none is named, and the caller has several or none.
        """
        if named is not None:
            return named
        mine = self.caller.organizations or ()
        if len(mine) == 1:
            return next(iter(mine))
        what = "is needed: the caller does not belong to exactly one organisation"
        raise Unprocessable(f"organizationId: {what}", [("query.organizationId", what)])

    async def _current(self, connection: AsyncConnection) -> Caller:
        """The caller, without the organisations where their membership has ended."""
        caller = self.caller
        if not caller.organizations:
            return caller
        return caller.without(await ended_memberships(connection, caller.user, caller.issued_at))

    async def _asked(self) -> Asked | None:
        key = self._request.headers.get("idempotency-key")
        if key is None or self._request.method != "POST":
            return None
        request = self._request
        return asked(self.caller.user, key, request.method, request.url.path, await request.body())

    def _replay(self, request: Asked, stored: Stored) -> Response:
        require_same(request, stored)
        self._api.on_replay()
        headers = {**orjson.loads(stored.headers), REPLAYED: "true"}
        return Response(stored.body, stored.status, headers, "application/json")

    def _response(self, reply: Reply) -> Response:
        headers: dict[str, str] = {}
        if reply.version is not None:
            headers["ETag"] = etag(reply.version)
        if reply.location is not None:
            headers["Location"] = f"{self._api.base_path}/api/v1{reply.location}"
        body = orjson.dumps(reply.body.model_dump(mode="json", by_alias=True))
        return Response(body, reply.status, headers, "application/json")


async def _call(request: Request) -> Call:
    api: Api = request.app.state.api
    return Call(request, api, await api.callers.identify(request.headers))


async def _posting(
    call: Annotated[Call, Depends(_call)],
    idempotency_key: Annotated[  # noqa: ARG001  # declared for OpenAPI and its bounds; Call reads it
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=MAX_KEY_LENGTH,
            pattern=r"^[\x21-\x7e]+$",
            description="The same key within a day gives the first answer again, and changes "
            "nothing more.",
        ),
    ] = None,
) -> Call:
    return call


async def _updating(
    call: Annotated[Call, Depends(_call)],
    if_match: Annotated[  # noqa: ARG001  # declared for OpenAPI and its bounds; Call reads it
        str | None,
        Header(
            alias="If-Match",
            max_length=1_000,
            description="The ETag that was read: 412 where it has changed since.",
        ),
    ] = None,
) -> Call:
    return call


async def _acting(
    call: Annotated[Call, Depends(_posting)], _same: Annotated[Call, Depends(_updating)]
) -> Call:
    return call


Reading = Annotated[Call, Depends(_call)]
Posting = Annotated[Call, Depends(_posting)]
Updating = Annotated[Call, Depends(_updating)]
Acting = Annotated[Call, Depends(_acting)]
InOrganization = Annotated[
    OrganizationId | None,
    Query(
        alias="organizationId",
        description="Whose; may be left out by who belongs to exactly one.",
        examples=["mutuelle-dakar"],
    ),
]


class Paging:
    """Which part of a list is asked for."""

    def __init__(
        self,
        cursor: Annotated[
            str | None, Query(description="`nextCursor` of the page before; as it was given.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> None:
        self.cursor = cursor
        self.limit = limit

    def read(self, sort: str, columns: SortColumns) -> tuple[Sort, After | None]:
        """The order asked for, and where in it the page begins.

        Raises:
            Unprocessable: the list has no such order.
            BadRequest: the cursor is none of this list's.
        """
        order = read_sort(sort, columns)
        return order, None if self.cursor is None else read_cursor(self.cursor, order)


Paged = Annotated[Paging, Depends()]


def sorted_by(columns: SortColumns) -> Any:
    """The parameter `sort` of a list that can be sorted by these."""
    fields = ", ".join(f"`{name}`" for name in columns)
    what = f"{fields}; with `-` before it, largest first."
    return Query(max_length=32, description=what)
