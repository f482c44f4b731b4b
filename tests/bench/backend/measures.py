"""What is measured of the business services, in figures by name."""

from __future__ import annotations

import asyncio
import gc
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

import httpx
from sqlalchemy import func, select

from tests.bench.backend.books import LARGE, fill_books, fill_outbox
from tests.bench.backend.passes import statistics_passes
from tests.bench.backend.stage import Place
from tests.bench.backend.viewers import Viewer, watching
from tests.bench.errors import LoadFailed, WrongCount
from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.outbox.store import measure

Figures = Mapping[str, float]

CLIENTS = 100
CHANGES_PER_SECOND = 50
CHANGES = 500
SOCIETIES = 10  # that change in turn
OUTBOX = 20_000  # events
REQUESTS_PER_SECOND = 100
REQUESTS = 300  # of each endpoint
SLOW_STATS = {"UNIONFLOW_STATS_SECONDS": "3600"}  # they are measured by themselves
_IN = f"?organizationId={LARGE}"
ENDPOINTS = {
    "members": f"/members{_IN}",
    "members_of_a_status": f"/members{_IN}&status=ACTIVE&sort=createdAt",
    "contributions": f"/contributions{_IN}&status=DUE",
    "approvals": f"/finance/approvals{_IN}&status=PENDING",
    "agenda": f"/events{_IN}&from=2026-01-01T00:00:00Z",
    "notifications": "/notifications?unread=true",
    "organizations": "/organizations",
    "dashboard": f"/dashboard{_IN}",
    "stats": f"/dashboard/stats{_IN}",
    "kpis": f"/dashboard/kpis{_IN}",
    "months": f"/dashboard/months{_IN}",
    "activities": f"/dashboard/activities{_IN}",
    "upcoming": f"/dashboard/events{_IN}",
}
_WARM_UP = 20
_ARRIVES_SECONDS = 3.0
_DRAINS_SECONDS = 120.0


async def to_the_screen(place: Place) -> Figures:
    """50 approvals asked for in a second, 100 clients that see all: from the change to each socket.

    A latency begins at the event's own time, which is when its transaction began: what is shown is
    never less than the time from the commit. Every client must have every event.
    """
    async with (
        place.database() as (url, _),
        place.backend(url, SLOW_STATS) as backend,
        place.relay() as relay,
        httpx.AsyncClient(trust_env=False, timeout=30.0) as http,
        watching(relay.port, CLIENTS) as viewers,
    ):
        turn = cycle([await _founded(http, backend.api_url, number) for number in range(SOCIETIES)])
        body = {
            "transactionType": "LOAN",
            "amount": "25000",
            "currency": "XOF",
            "reason": "a bench",
        }

        async def change() -> httpx.Response:
            asked = {**body, "organizationId": next(turn)}
            return await http.post(f"{backend.api_url}/finance/approvals", json=asked)

        await _steadily(change, _WARM_UP, CHANGES_PER_SECOND)
        await _steadily(change, CHANGES, CHANGES_PER_SECOND)
        await asyncio.sleep(_ARRIVES_SECONDS)
        return _percentiles(_latencies(viewers))


async def _founded(http: httpx.AsyncClient, api_url: str, number: int) -> str:
    own = {"id": f"society-{number}", "name": "A society", "currency": "XOF"}
    (await http.post(f"{api_url}/organizations", json=own)).raise_for_status()
    return own["id"]


def _latencies(viewers: Sequence[Viewer]) -> list[float]:
    found: list[float] = []
    for viewer in viewers:
        events = list(viewer.events())
        kinds = Counter(event["eventType"] for _, event in events)
        for kind in ("APPROVAL_PENDING", "ACTIVITY_CREATED"):
            if kinds[kind] < CHANGES + _WARM_UP:
                raise WrongCount(f"a client has {kinds[kind]} of {CHANGES + _WARM_UP} {kind}")
        found += [arrived - _ms(event["timestamp"]) for arrived, event in events[-2 * CHANGES :]]
    return found


def _ms(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp() * 1000


async def from_the_outbox(place: Place) -> Figures:
    """20,000 events wait when the backend starts; from its first mark to its last."""
    settled = outbox.c.settled_ms
    async with place.database() as (url, database):
        await fill_outbox(database, OUTBOX)
        async with place.backend(url, SLOW_STATS):
            await _drained(database)
        async with database.reading() as connection:
            span = select(func.min(settled), func.max(settled), func.count())
            first, last, count = (await connection.execute(span)).one()
            of_first = select(func.count()).where(settled == first)
            before = (await connection.execute(of_first)).scalar_one()
    return {"per_second": (count - before) / max(1, last - first) * 1000}


async def _drained(database: Database) -> None:
    deadline = asyncio.get_running_loop().time() + _DRAINS_SECONDS
    while waiting := (await measure(database)).waiting:
        if asyncio.get_running_loop().time() > deadline:
            raise WrongCount(f"{waiting:,} events still wait in the outbox")
        await asyncio.sleep(0.1)


async def endpoints(place: Place) -> Figures:
    """Each list and dashboard by itself, 100 requests a second, 50,000 members in the database."""
    figures: dict[str, float] = {}
    async with place.database() as (url, database):
        await fill_books(database)
        async with (
            place.backend(url, SLOW_STATS) as backend,
            httpx.AsyncClient(trust_env=False, timeout=30.0, base_url=backend.api_url) as http,
        ):
            for name, path in ENDPOINTS.items():

                async def ask(path: str = path) -> httpx.Response:
                    return await http.get(path.removeprefix("/"))

                await _steadily(ask, _WARM_UP, REQUESTS_PER_SECOND)
                # A full collection of this process's own objects takes a tenth of a second, and
                # would be counted as the server's.
                gc.collect()
                gc.freeze()
                took = await _steadily(ask, REQUESTS, REQUESTS_PER_SECOND)
                figures[f"{name}_p99_ms"] = _percentiles(took)["p99_ms"]
    return figures


async def _steadily(
    ask: Callable[[], Awaitable[httpx.Response]], count: int, per_second: float
) -> list[float]:
    """Ask at a steady rate, whoever waits; milliseconds from when each was due to its answer."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int) -> float:
        due = began + number / per_second
        await asyncio.sleep(due - loop.time())
        answer = await ask()
        if not answer.is_success:
            raise LoadFailed(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")
        return (loop.time() - due) * 1000

    return await asyncio.gather(*map(one, range(count)))


def _percentiles(values: Sequence[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(values, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98]}


MEASURES: Mapping[str, Callable[[Place], Awaitable[Figures]]] = {
    "to-the-screen": to_the_screen,
    "from-the-outbox": from_the_outbox,
    "statistics": statistics_passes,
    "endpoints": endpoints,
}
