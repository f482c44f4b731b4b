"""Both scenarios on a running installation: REST, Kafka, relay and a client, all of them real."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from unionflow_cli.adapters.listener import Listener
from unionflow_cli.core.endpoint import with_query
from unionflow_cli.core.promises import Verdict
from unionflow_cli.core.samples import SOCIETIES
from unionflow_cli.core.scenes import (
    STATISTICS_SECONDS,
    STATISTICS_SLACK_SECONDS,
    STEP_SECONDS,
    Passage,
    judge_approval,
    judge_statistics,
)
from unionflow_cli.core.testimony import Frame
from unionflow_cli.core.trial import Dialect
from unionflow_cli.dev.steps import Steps
from unionflow_cli.errors import Unavailable
from unionflow_events import TOPIC_OF, EventType, KafkaConnection, TopicNames

SOCIETY = SOCIETIES[0]


@dataclass(slots=True)
class Sightings:
    """When events were first seen, by type and the id in their data: in Kafka, and on a screen."""

    lay: dict[tuple[str, str], float] = field(default_factory=dict)
    shown: dict[tuple[str, str], float] = field(default_factory=dict)
    statistics: list[float] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, happened: Callable[[], bool], seconds: float) -> None:
        """Wait until it happened, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not happened():
                    self._news.clear()
                    await self._news.wait()

    def on_frame(self, frame: Frame) -> None:
        """A client got a frame."""
        body = json.loads(frame.text)
        if body.get("type") != "event":
            return
        event = body["event"]
        if event["eventType"] == EventType.DASHBOARD_STATS_UPDATED:
            self.statistics.append(frame.at)
        self.shown.setdefault(_subject(event), frame.at)
        self._news.set()

    def on_record(self, event: Mapping[str, Any]) -> None:
        """A consumer read a record."""
        self.lay.setdefault(_subject(event), time.monotonic())
        self._news.set()


@asynccontextmanager
async def watched(url: str, kafka: KafkaConnection, topics: TopicNames) -> AsyncIterator[Sightings]:
    """A screen of the society and a reader of the approvals' topic, within the block."""
    sightings = Sightings()
    listener = Listener(with_query(url, organizations=[SOCIETY.id]), Dialect.V1, sightings.on_frame)
    topic = topics.real_name(TOPIC_OF[EventType.APPROVAL_PENDING])
    tasks = [
        asyncio.ensure_future(listener.run()),
        asyncio.ensure_future(_read(kafka, topic, sightings)),
    ]
    try:
        async with asyncio.timeout(STEP_SECONDS):
            await listener.opened.wait()
        yield sightings
    except TimeoutError as problem:
        raise Unavailable(f"a client cannot connect: {listener.lost}") from problem
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def play(api_url: str, sightings: Sightings, steps: Steps) -> list[Verdict]:
    """Both scenarios. Raises Unavailable where nobody answers at the API."""
    with steps.step("request", "by REST, through Kafka, to a screen") as step:
        asked, decided = await _approve(api_url, sightings)
        step.result = "requested and granted"
    with steps.step("figures", "waiting for those of every ten seconds") as step:
        longest = 2 * (STATISTICS_SECONDS + STATISTICS_SLACK_SECONDS)
        await sightings.until(lambda: len(sightings.statistics) >= 2, longest)
        step.result = f"came {len(sightings.statistics)} times"
    return [*judge_approval(asked, decided), judge_statistics(sightings.statistics)]


async def _approve(api_url: str, sightings: Sightings) -> tuple[Passage, Passage]:
    async with httpx.AsyncClient(base_url=api_url, trust_env=False, timeout=STEP_SECONDS) as client:
        body = {
            "organizationId": SOCIETY.id,
            "transactionType": "LOAN",
            "amount": "125000",
            "currency": SOCIETY.currency,
            "reason": "unionflow dev --check",
        }
        asked, made = await _request(
            client, "/finance/approvals", body, sightings, EventType.APPROVAL_PENDING
        )
        path = f"/finance/approvals/{made.get('id', 'none')}/approve"
        decided, _ = await _request(client, path, None, sightings, EventType.APPROVAL_APPROVED)
        return asked, decided


async def _request(
    client: httpx.AsyncClient,
    path: str,
    body: Mapping[str, Any] | None,
    sightings: Sightings,
    says: EventType,
) -> tuple[Passage, Mapping[str, Any]]:
    """Send it and wait for its event; how long each step took, and the answer."""
    began = time.monotonic()
    try:
        answer = await client.post(path, json=body)
    except httpx.HTTPError as problem:
        what = f"{type(problem).__name__} at {client.base_url}"
        raise Unavailable(f"the business services do not answer: {what}") from problem
    if not answer.is_success:
        return Passage(None, None, None), {}
    answered = time.monotonic()
    found: dict[str, Any] = answer.json()
    subject = (says.value, str(found["id"]))
    await sightings.until(
        lambda: subject in sightings.lay and subject in sightings.shown, STEP_SECONDS
    )
    lay, shown = (seen.get(subject) for seen in (sightings.lay, sightings.shown))
    return (
        Passage(
            answered - began,
            None if lay is None else lay - began,
            None if shown is None else shown - began,
        ),
        found,
    )


async def _read(kafka: KafkaConnection, topic: str, sightings: Sightings) -> None:
    """Read what is written from now on."""
    try:
        async with AIOKafkaConsumer(
            topic, **kafka.aiokafka_options(), auto_offset_reset="latest"
        ) as consumer:
            async for record in consumer:
                sightings.on_record(json.loads(record.value or b"{}"))
    except KafkaError as problem:
        raise Unavailable(f"Kafka cannot be read: {problem}") from problem


def _subject(event: Mapping[str, Any]) -> tuple[str, str]:
    data = event.get("data") or {}
    return str(event.get("eventType")), str(data.get("id"))
