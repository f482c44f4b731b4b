"""A workload, a backend that is killed and started again, and the audit of what came of it."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import select

from tests.backend.kills.audit import Committed, Event, Finding, audit
from tests.backend.kills.nursery import Nursery
from tests.backend.kills.workload import Workload
from tests.events.reading import read_all
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.migrating import migrate
from unionflow_backend.adapters.database.tables import outbox
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.outbox.store import measure
from unionflow_backend.demo.seed import seed
from unionflow_cli.kafka import apply_topics
from unionflow_cli.kafka.adapters import ports
from unionflow_events import KafkaConnection, TopicNames

PEOPLE = 6
START_SECONDS = 30.0
DRAIN_SECONDS = 60.0
MOST_CHANGES = 40
LONGEST_LIFE_SECONDS = 1.5
"""A life ends after some changes, or this long after it is ready; or before that, in the start."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens. folder: for logs."""

    database: str
    servers: str
    topics: TopicNames
    folder: Path


async def run_kills(
    place: Place, points: int, number: int, say: Callable[[str], None] = lambda _text: None
) -> tuple[Finding, Workload]:
    """Kill the backend `points` times under a workload of this seed; then let it finish."""
    database = Database(database_url(place.database), lambda: 1_790_000_000_000)
    await migrate(database.engine)
    await seed(database)
    apply_topics(place.servers, place.topics.real, 3)
    port, management = ports.free_ports(2)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": place.servers,
        "UNIONFLOW_AUTH": "none",
        "UNIONFLOW_DATABASE_URL": place.database,
        "UNIONFLOW_HOST": "127.0.0.1",
        "UNIONFLOW_MANAGEMENT_PORT": str(management),
        "UNIONFLOW_OUTBOX_LEASE_SECONDS": "2",
        "UNIONFLOW_PORT": str(port),
        "UNIONFLOW_STATS_SECONDS": "1",
        "UNIONFLOW_TOPIC_PREFIX": place.topics.prefix,
    }
    workload = Workload(number)
    working = asyncio.create_task(workload.run(f"http://127.0.0.1:{port}/api/v1", PEOPLE))
    rng = random.Random(number)
    ready = f"http://127.0.0.1:{management}/readyz"
    try:
        with Nursery(place.folder / "backend.log", settings) as nursery:
            for point in range(points):
                await _live_and_die(nursery, ready, rng, workload)
                say(f"{point + 1} of {points} kills, {len(workload.answered)} things changed")
            nursery.start()
            await _until_ready(ready)
            await asyncio.sleep(0.3)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await _drained(database)
            await asyncio.to_thread(nursery.end, signal.SIGTERM)
        return await _judged(database, place, workload), workload
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await database.close()


async def _live_and_die(
    nursery: Nursery, ready: str, rng: random.Random, workload: Workload
) -> None:
    """Most often killed at work, now and then in its start."""
    nursery.start()
    if rng.random() < 0.15:
        await asyncio.sleep(rng.uniform(0.0, 0.3))
    else:
        await _until_ready(ready)
        enough = len(workload.answered) + rng.randint(0, MOST_CHANGES)
        deadline = asyncio.get_running_loop().time() + LONGEST_LIFE_SECONDS
        while len(workload.answered) < enough:
            await asyncio.sleep(rng.uniform(0.0, 0.01))
            if asyncio.get_running_loop().time() > deadline:
                break
    await asyncio.to_thread(nursery.kill)


async def _until_ready(url: str) -> None:
    async with (
        asyncio.timeout(START_SECONDS),
        httpx.AsyncClient(trust_env=False, timeout=2.0) as client,
    ):
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(0.02)


async def _drained(database: Database) -> None:
    async with asyncio.timeout(DRAIN_SECONDS):
        while True:
            if not (await measure(database)).waiting:
                return
            await asyncio.sleep(0.1)


async def _judged(database: Database, place: Place, workload: Workload) -> Finding:
    async with database.reading() as connection:
        rows = (await connection.execute(select(outbox))).all()
    committed = [Committed(row.id, row.lane, row.number, row.event_type) for row in rows]
    subjects = {row.id: str(orjson.loads(row.data).get("id")) for row in rows}
    topics: defaultdict[str, list[Event]] = defaultdict(list)
    for record in await read_all(KafkaConnection(place.servers), place.topics.real):
        event: dict[str, Any] = orjson.loads(record.value or b"null")
        topics[f"{record.topic}-{record.partition}"].append(event)
    return audit(committed, topics, workload.answered, subjects)
