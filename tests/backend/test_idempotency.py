"""Idempotency-Key: the same POST twice is done once, and answered twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.backend.asking import (
    DAKAR,
    MEMBER,
    TREASURER,
    Asking,
    an_approval,
    organization,
)
from unionflow_backend.adapters.database.answers import forget
from unionflow_backend.core.idempotency import KEPT_MS

PATH = "/finance/approvals"


async def test_the_same_key_and_body_give_the_same_answer_and_change_nothing(api: Asking) -> None:
    await organization(api)
    first = await api.post(PATH, an_approval(), MEMBER, Idempotency_Key="k-1")
    again = await api.post(PATH, an_approval(), MEMBER, Idempotency_Key="k-1")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for header in ("etag", "location", "content-type"):
        assert again.headers[header] == first.headers[header]
    assert (again.status_code, again.content) == (201, first.content)
    assert len(await api.said()) == 1


async def test_the_same_key_with_another_body_is_refused(api: Asking) -> None:
    await organization(api)
    await api.post(PATH, an_approval("100"), MEMBER, Idempotency_Key="k-1")
    answer = await api.post(PATH, an_approval("200"), MEMBER, Idempotency_Key="k-1")
    assert answer.status_code == 422
    assert "another request" in answer.json()["detail"]


async def test_the_same_key_at_another_path_is_refused(api: Asking) -> None:
    await organization(api)
    made = [await api.made(PATH, an_approval(), MEMBER) for _ in range(2)]
    for one, status in zip(made, (200, 422), strict=True):
        path = f"{PATH}/{one['id']}/approve"
        answer = await api.post(path, who=TREASURER, Idempotency_Key="k-1")
        assert answer.status_code == status


async def test_another_callers_key_is_another_key(api: Asking) -> None:
    await organization(api)
    ids = {
        (await api.post(PATH, an_approval(), who, Idempotency_Key="k-1")).json()["id"]
        for who in (MEMBER, TREASURER)
    }
    assert len(ids) == 2


async def test_what_was_refused_is_not_kept_and_may_be_tried_again(api: Asking) -> None:
    answer = await api.post(PATH, an_approval(), MEMBER, Idempotency_Key="k-1")
    assert answer.status_code == 404
    await organization(api)
    answer = await api.post(PATH, an_approval(), MEMBER, Idempotency_Key="k-1")
    assert answer.status_code == 201


async def test_a_day_later_the_key_is_free_again_and_the_sweep_forgets_it(api: Asking) -> None:
    await organization(api)
    await api.post(PATH, an_approval(), MEMBER, Idempotency_Key="k-1")
    real = api.database.clock
    api.database.clock = lambda: real() + KEPT_MS + 1
    answer = await api.post(PATH, an_approval("200"), MEMBER, Idempotency_Key="k-1")
    assert answer.status_code == 201
    async with api.database.writing() as work:
        assert await forget(work.connection, real()) == 0
        assert await forget(work.connection, real() + 2 * KEPT_MS + 10_000) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "tab\there"])
async def test_a_key_that_is_none_is_refused(sqlite_api: Asking, key: str) -> None:
    answer = await sqlite_api.post(PATH, an_approval(), MEMBER, Idempotency_Key=key)
    assert answer.status_code == 422


async def test_a_request_given_up_at_any_moment_is_done_once_when_it_is_made_again(
    api: Asking,
) -> None:
    await organization(api)
    given_up = range(0, 60, 6)
    for turns in given_up:
        key = f"k-{turns}"
        request = asyncio.create_task(api.post(PATH, an_approval(), MEMBER, Idempotency_Key=key))
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        request.cancel()
        await asyncio.wait([request])
        again = await api.post(PATH, an_approval(), MEMBER, Idempotency_Key=key)
        assert again.status_code == 201
    listed = (await api.get(f"{PATH}?organizationId={DAKAR}", MEMBER)).json()["items"]
    assert len(listed) == len(await api.said()) == len(given_up)
