"""A workload, a backend that is killed and started again, and the audit of what came of it."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
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
from unionflow_backend.adapters.outbox.store import SENT, measure
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
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens. folder: for logs."""

    database: str
    servers: str
    topics: TopicNames
    folder: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """People at work on a backend that lives where the nursery has begun one."""

    place: Place
    database: Database
    nursery: Nursery
    workload: Workload
    working: asyncio.Task[None]
    management: str

    async def until_ready(self) -> None:
        """Return when the backend can serve."""
        async with (
            asyncio.timeout(START_SECONDS),
            httpx.AsyncClient(trust_env=False, timeout=2.0) as client,
        ):
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{self.management}/readyz")).is_success:
                        return
                await asyncio.sleep(0.02)

    async def until_changed(self, more: int) -> None:
        """Return when so many more things have been changed."""
        enough = len(self.workload.answered) + more
        async with asyncio.timeout(START_SECONDS):
            while len(self.workload.answered) < enough:  # noqa: ASYNC110  # many tasks count
                await asyncio.sleep(0.01)

    async def finish(self) -> Finding:
        """Let people go home and the outbox run empty, end the backend, and judge."""
        self.working.cancel()
        await asyncio.gather(self.working, return_exceptions=True)
        await _drained(self.database)
        await asyncio.to_thread(self.nursery.end, signal.SIGTERM)
        return await _judged(self.database, self.place, self.workload)


@asynccontextmanager
async def at_work(
    place: Place, number: int, environ: Mapping[str, str] = NOTHING
) -> AsyncIterator[Stage]:
    """Books, topics, and people who have begun; no backend yet. environ: more of the backend's."""
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
        **environ,
    }
    workload = Workload(number)
    working = asyncio.create_task(workload.run(f"http://127.0.0.1:{port}/api/v1", PEOPLE))
    try:
        with Nursery(place.folder / "backend.log", settings) as nursery:
            seen_at = f"http://127.0.0.1:{management}"
            yield Stage(place, database, nursery, workload, working, seen_at)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await database.close()


async def run_kills(
    place: Place, points: int, number: int, say: Callable[[str], None] = lambda _text: None
) -> tuple[Finding, Workload]:
    """Kill the backend `points` times under a workload of this seed; then let it finish."""
    rng = random.Random(number)
    async with at_work(place, number) as stage:
        for point in range(points):
            await _live_and_die(stage, rng)
            say(f"{point + 1} of {points} kills, {len(stage.workload.answered)} things changed")
        stage.nursery.start()
        await stage.until_ready()
        await asyncio.sleep(0.3)
        return await stage.finish(), stage.workload


async def _live_and_die(stage: Stage, rng: random.Random) -> None:
    """Most often killed at work, now and then in its start."""
    stage.nursery.start()
    if rng.random() < 0.15:
        await asyncio.sleep(rng.uniform(0.0, 0.3))
    else:
        await stage.until_ready()
        enough = len(stage.workload.answered) + rng.randint(0, MOST_CHANGES)
        deadline = asyncio.get_running_loop().time() + LONGEST_LIFE_SECONDS
        while len(stage.workload.answered) < enough:
            await asyncio.sleep(rng.uniform(0.0, 0.01))
            if asyncio.get_running_loop().time() > deadline:
                break
    await asyncio.to_thread(stage.nursery.kill)


async def _drained(database: Database) -> None:
    async with asyncio.timeout(DRAIN_SECONDS):
        while True:
            if not (await measure(database)).waiting:
                return
            await asyncio.sleep(0.1)


async def _judged(database: Database, place: Place, workload: Workload) -> Finding:
    async with database.reading() as connection:
        rows = (await connection.execute(select(outbox))).all()
    committed = [
        Committed(row.id, row.lane, row.number, row.event_type, row.status == SENT) for row in rows
    ]
    subjects = {row.id: str(orjson.loads(row.data).get("id")) for row in rows}
    topics: defaultdict[str, list[Event]] = defaultdict(list)
    for record in await read_all(KafkaConnection(place.servers), place.topics.real):
        event: dict[str, Any] = orjson.loads(record.value or b"null")
        topics[f"{record.topic}-{record.partition}"].append(event)
    return audit(committed, topics, workload.answered, subjects)
