"""The OpenAPI document is true: whatever is sent is answered as it says, and never with a 500."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.backend.asking import DAKAR, Asking, calling, document
from tests.backend.conftest import migrated
from tests.backend.operations import World, documented, populate
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms

Case = schemathesis.Case[Any]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WITH_EXAMPLES = {
    "/api/v1/organizations": 201,
    "/api/v1/finance/approvals": 201,
    "/api/v1/members": 201,
    "/api/v1/notifications": 201,
    "/api/v1/events": 201,
    "/api/v1/dev/events": 202,
}
EXAMPLES = {"sqlite": 5, "postgres": 2}  # of each operation and kind
SCHEMA = schemathesis.openapi.from_dict(dict(document()))
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (valid.ok() for valid in SCHEMA.get_all_operations() if isinstance(valid, Ok))
    if operation.path.startswith("/api/v1")
}


class Server:
    """The API over a database, with something of everything in it, for all examples of a kind."""

    def __init__(self, kind: str, url: str) -> None:
        self.examples = EXAMPLES[kind]
        self.runner = asyncio.Runner()
        self.database = Database(database_url(url), now_ms)
        self.context: AbstractAsyncContextManager[Asking] = calling(self.database)
        self.api = self.runner.run(self.context.__aenter__())
        self.world: World = self.runner.run(populate(self.api))

    def answer(self, case: Case) -> Any:
        sent = case.as_transport_kwargs(base_url="http://backend")
        known = ("method", "url", "params", "headers", "cookies", "json", "data")
        request = {name: sent[name] for name in known if sent.get(name) is not None}
        if "data" in request:
            data = request.pop("data")
            request["content"] = data if isinstance(data, str | bytes) else str(data)
        cookies = request.pop("cookies", None)
        self.api.http.cookies = cookies or {}
        return self.runner.run(self.api.http.request(**request))

    def close(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.run(self.database.close())
        self.runner.close()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
) -> Iterator[Server]:
    """The server. Nothing of one example is in the way of the next: they only add."""
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create_database()
        asyncio.run(migrated(url))
    else:
        file = tmp_path_factory.mktemp("schema") / "schema.db"
        shutil.copyfile(sqlite_template, file)
        url = f"sqlite:///{file}"
    made = Server(request.param, url)
    yield made
    made.close()


def test_every_operation_of_the_document_is_tried() -> None:
    assert set(OPERATIONS) == set(documented())


async def test_the_examples_that_swagger_shows_work_as_they_stand(sqlite_api: Asking) -> None:
    await populate(sqlite_api)
    schemas = document()["components"]["schemas"]
    shown = {
        path: schemas[body["schema"]["$ref"].rpartition("/")[2]]["examples"][0]
        for path, operations in document()["paths"].items()
        if path in WITH_EXAMPLES
        for body in operations["post"]["requestBody"]["content"].values()
    }
    statuses = {
        path: (await sqlite_api.post(path.removeprefix("/api/v1"), body)).status_code
        for path, body in shown.items()
    }
    assert statuses == WITH_EXAMPLES


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_whatever_is_sent_is_answered_as_the_document_says(
    server: Server, operation_id: str, mode: GenerationMode
) -> None:
    operation = OPERATIONS[operation_id]

    @settings(
        max_examples=server.examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def conforms(case: Case, real: bool) -> None:
        if real:
            aim(case, server.world)
        case.validate_response(server.answer(case), checks=CHECKS)

    conforms()


def aim(case: Case, world: World) -> None:
    """Have a request meet what there is, where it would else meet nothing."""
    kinds = {
        "/finance/approvals": world.approval,
        "/members": world.member,
        "/contributions": world.contribution,
        "/notifications": world.notification,
        "/events": world.event,
        "/organizations": DAKAR,
    }
    for prefix, id in kinds.items():
        if case.path.startswith(f"/api/v1{prefix}/") and "id" in case.path_parameters:
            case.path_parameters["id"] = id
    if "organizationId" in (case.query or {}):
        case.query["organizationId"] = DAKAR
    if isinstance(case.body, dict):
        for name, value in {"organizationId": DAKAR, "memberId": world.member}.items():
            if name in case.body:
                case.body[name] = value
        if "currency" in case.body:
            case.body["currency"] = "XOF"
