"""Answers that no resource gives: too late, too large, a fault, a database that has gone away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from tests.backend.asking import DAKAR, Asking, an_approval, calling, organization
from tests.backend.conftest import migrated
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms
from unionflow_backend.core.permissions import Caller

APPROVALS = "/finance/approvals"
PAGE = {"Origin": "https://app.example"}
PEOPLE = 8


def is_a_problem_that_a_page_can_read(answer: httpx.Response, status: int) -> bool:
    return (
        (answer.status_code, answer.json()["status"]) == (status, status)
        and answer.headers["content-type"] == "application/problem+json"
        and answer.headers["access-control-allow-origin"] == "*"
        and answer.headers["x-content-type-options"] == "nosniff"
    )


async def test_a_body_that_is_too_large_or_too_late_is_a_problem_that_a_page_can_read(
    sqlite_api: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unionflow_backend.adapters.rest.edge.BODY_SECONDS", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    for content, status in ((b"x" * 70_000, 413), (slowly(), 408)):
        answer = await sqlite_api.http.post(
            f"/api/v1{APPROVALS}", content=content, headers={**PAGE, "Content-Type": "x/y"}
        )
        assert is_a_problem_that_a_page_can_read(answer, status), answer.headers
        assert answer.headers["connection"] == "close"


async def test_a_fault_of_ours_is_a_problem_that_a_page_can_read(sqlite_api: Asking) -> None:
    class Broken:
        async def identify(self, headers: Mapping[str, str]) -> Caller:
            raise KeyError(len(headers))

    async with calling(sqlite_api.database, Broken()) as api:
        answer = await api.get(APPROVALS, PAGE)
    assert is_a_problem_that_a_page_can_read(answer, 500), answer.headers
    assert api.counted == [("list_approvals", 500)]


async def test_a_database_that_cannot_be_reached_is_a_problem_that_a_page_can_read() -> None:
    away = Database(database_url("postgresql://nobody@127.0.0.1:1/nothing"), now_ms)
    async with calling(away) as api:
        answer = await api.get("/organizations", PAGE)
    await away.close()
    assert is_a_problem_that_a_page_can_read(answer, 503), answer.headers
    assert answer.headers["retry-after"] == "5"


async def test_only_pages_of_the_origins_that_are_listed_may_read(sqlite_api: Asking) -> None:
    async with calling(sqlite_api.database, origins=["https://app.example"]) as api:
        mine = await api.get("/organizations", PAGE)
        other = await api.get("/organizations", {"Origin": "https://evil.example"})
    assert mine.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other.headers


async def test_connections_lost_within_requests_are_503_and_never_500(
    own_postgres: Postgres,
) -> None:
    url = own_postgres.create_database()
    await migrated(url)
    database = Database(database_url(url), now_ms)
    answers: Counter[int] = Counter()
    wrong: list[str] = []
    over = asyncio.Event()

    async def work(api: Asking, number: int) -> None:
        while not over.is_set():
            path = f"{APPROVALS}?organizationId={DAKAR}"
            if number % 2:
                answer = await api.post(APPROVALS, an_approval(), PAGE)
            else:
                answer = await api.get(path, PAGE)
            answers[answer.status_code] += 1
            if answer.status_code == 503 and "retry-after" not in answer.headers:
                wrong.append("no Retry-After")
            elif answer.status_code not in {200, 201, 503}:
                wrong.append(answer.text)

    async def more(status: int, count: int = 30) -> None:
        enough = answers[status] + count
        async with asyncio.timeout(60):
            while answers[status] < enough:  # noqa: ASYNC110  # a counter of many tasks
                await asyncio.sleep(0.01)

    async with calling(database) as api:
        await organization(api)
        async with asyncio.TaskGroup() as group:
            for number in range(PEOPLE):
                group.create_task(work(api, number))
            for end in (own_postgres.stop, own_postgres.kill):
                await more(201)
                await asyncio.to_thread(end)
                await more(503)
                await asyncio.to_thread(own_postgres.start)
            await more(201)
            over.set()
    await database.close()
    assert wrong == []
