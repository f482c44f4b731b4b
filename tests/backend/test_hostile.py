"""Requests that mean no good: each gets its problem, and none a 500."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

import pytest
from structlog.testing import capture_logs

from tests.backend.asking import (
    DAKAR,
    MEMBER,
    PRESIDENT,
    Asking,
    a_member,
    an_approval,
    calling,
    organization,
)
from tests.backend.test_core import HOSTILE
from unionflow_backend.core.permissions import Caller

APPROVALS = "/finance/approvals"
NO_ID = "0193a5c2-7b1e-7c3d-9f00-2b6e51a0c001"


IMPOSSIBLE = [
    ("GET", "/nothing", 404),
    ("GET", "/finance/approvals/", 404),
    ("GET", f"/finance/approvals/{NO_ID}", 404),
    ("GET", f"/members/{NO_ID}", 404),
    ("GET", "/members/1", 422),
    ("GET", "/members/%00", 422),
    ("GET", "/organizations/..%2f", 404),
    ("GET", "/organizations/Dakar", 422),
    ("DELETE", "/finance/approvals", 405),
    ("POST", "/dashboard", 405),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&limit=0", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&limit=201", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&limit=99999999999999999999", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&sort=reason", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&status=DONE", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}&requestedBy=%00", 422),
    ("GET", f"/members?organizationId={DAKAR}&userId=%ED%A0%80", 200),
    ("GET", f"/events?organizationId={DAKAR}&from=now", 422),
    ("GET", f"/finance/approvals?organizationId={DAKAR}%00", 422),
]


async def test_a_request_that_cannot_be_gets_a_problem(api: Asking) -> None:
    for method, path, status in IMPOSSIBLE:
        answer = await api.ask(method, path)
        assert answer.status_code == status, (method, path, answer.text)
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["status"] == status
            assert {"type", "title", "detail"} <= set(answer.json())


@pytest.mark.parametrize("cursor", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_cursor_gets_400(sqlite_api: Asking, cursor: str) -> None:
    path = f"/api/v1{APPROVALS}"
    query = {"organizationId": DAKAR, "cursor": cursor[:4_000]}
    answer = await sqlite_api.http.get(path, params=query, headers=MEMBER.headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"NaN", 422),
        (b"[" * 30_000, 400),
        (b'{"reason": "' + b"x" * 66_000 + b'"}', 413),
        (json.dumps({**an_approval(), "reason": "x" * 65_000}).encode(), 422),
    ],
)
async def test_a_body_that_is_none_gets_a_problem(
    sqlite_api: Asking, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await sqlite_api.http.post(f"/api/v1{APPROVALS}", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_without_a_length_is_bounded_too(sqlite_api: Asking) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 10_000_000:
            taken += 10_000
            yield b"x" * 10_000

    answer = await sqlite_api.http.post(f"/api/v1{APPROVALS}", content=endless())
    assert answer.status_code == 413
    assert taken < 200_000


NAMES = ["Aïssatou", "Ñandú", "王", "O'Brien", "'; DROP TABLE members; --", "%s{}", "😀"]


async def test_names_are_kept_as_they_are(api: Asking) -> None:
    await organization(api)
    for place, name in enumerate(NAMES):
        body = a_member(f"m{place}") | {"firstName": name}
        made = await api.made("/members", body, PRESIDENT)
        assert (await api.get(f"/members/{made['id']}", PRESIDENT)).json()["firstName"] == name
    assert [data["firstName"] for _, data in await api.said()] == NAMES


@pytest.mark.parametrize(
    "change",
    [
        {"firstName": " Awa"},
        {"firstName": "\n"},
        {"firstName": "x" * 101},
        {"email": "awa"},
        {"email": "a@b"},
        {"email": f"{'x' * 250}@example.org"},
        {"phone": "call me"},
        {"userId": "x" * 257},
        {"userId": "a\u0085b\x7f"},
        {"roles": ["king"]},
        {"roles": ["member"] * 5},
    ],
)
async def test_a_member_that_cannot_be_is_refused(
    sqlite_api: Asking, change: dict[str, object]
) -> None:
    await organization(sqlite_api)
    answer = await sqlite_api.post("/members", {**a_member(), **change}, PRESIDENT)
    assert (answer.status_code, answer.json()["errors"][0]["field"].partition(".")[0]) == (
        422,
        next(iter(change)),
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"X-User-Id": "x" * 257},
        {"X-Organization-Ids": ",".join(["a"] * 257)},
        {"X-Roles": "x" * 257},
        {"X-User-Id": "a\x7fb"},
    ],
)
async def test_headers_that_say_too_much_get_400(
    sqlite_api: Asking, headers: dict[str, str]
) -> None:
    answer = await sqlite_api.get("/organizations", headers)
    assert answer.status_code == 400


async def test_every_answer_tells_browsers_to_trust_nothing(sqlite_api: Asking) -> None:
    for path in ("/organizations", "/nothing"):
        answer = await sqlite_api.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


async def test_a_method_that_is_not_there_is_told_which_are(sqlite_api: Asking) -> None:
    answer = await sqlite_api.ask("DELETE", APPROVALS)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_requests_are_counted_by_operation_and_nothing_that_clients_choose(
    sqlite_api: Asking,
) -> None:
    for path in ("/organizations", "/organizations/nowhere", "/anything"):
        await sqlite_api.get(path)
    assert sqlite_api.counted == [
        ("list_organizations", 200),
        ("get_organization", 404),
        ("none", 404),
    ]


async def test_a_fault_of_ours_is_a_problem_too_and_is_logged(sqlite_api: Asking) -> None:
    class Broken:
        async def identify(self, headers: Mapping[str, str]) -> Caller:
            raise KeyError(len(headers))

    with capture_logs() as logged:
        async with calling(sqlite_api.database, Broken()) as api:
            answer = await api.get(APPROVALS)
    assert (answer.status_code, answer.json()["status"]) == (500, 500)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["event"] for one in logged] == ["request failed"]


@pytest.mark.parametrize("text", [" ", "\n\t", "\u00a0"])
async def test_a_reason_that_says_nothing_is_none(sqlite_api: Asking, text: str) -> None:
    await organization(sqlite_api)
    made = await sqlite_api.made(APPROVALS, an_approval(), MEMBER)
    path = f"{APPROVALS}/{made['id']}/reject"
    answer = await sqlite_api.post(path, {"reason": text}, PRESIDENT)
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["De\u00a0La Croix", "N\u200dDiaye", "Ba\u2028Sy", "x" * 100])
async def test_a_list_goes_on_after_whatever_name(sqlite_api: Asking, name: str) -> None:
    await organization(sqlite_api)
    for number in range(2):
        await sqlite_api.made("/members", a_member(f"Awa{number}", lastName=name), PRESIDENT)
    path = f"/members?organizationId={DAKAR}&limit=1"
    page = (await sqlite_api.get(path, PRESIDENT)).json()
    answer = await sqlite_api.get(f"{path}&cursor={page['nextCursor']}", PRESIDENT)
    assert [one["lastName"] for one in answer.json()["items"]] == [name]
