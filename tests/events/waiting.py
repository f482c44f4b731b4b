"""How long things take in tests of faults, and what they leave behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from unionflow_events import Event, EventPublisher, PublishedEvent, PublishTimeout

SLACK = 2.0
"""Seconds that a busy machine may be late."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What happens in it takes this long, and not longer."""
    begin = time.monotonic()
    yield
    taken = time.monotonic() - begin
    assert seconds - 0.05 <= taken <= seconds + SLACK


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What happens in it takes this long, or less."""
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin <= seconds


def other_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def settled() -> set[asyncio.Task[object]]:
    """Tasks that are left once what is about to end has ended."""
    for _ in range(100):
        if not other_tasks():
            break
        await asyncio.sleep(0.01)
    return other_tasks()


async def publish_at_last(publisher: EventPublisher, event: Event) -> PublishedEvent:
    """Again and again, as an outbox does."""
    for _ in range(20):
        try:
            return await publisher.publish_event(event)
        except PublishTimeout:
            continue
    raise AssertionError("Kafka is back, and the publisher has not noticed")
