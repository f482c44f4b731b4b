"""Publishes the sample traffic in its own time, and tells the board when each call began."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime, timedelta

from unionflow_cli.core.board import Board
from unionflow_cli.core.scenario import Traffic
from unionflow_events import EventPublisher, EventsError, KafkaConnection

SOURCE = "unionflow-dev"


async def publish_traffic(bootstrap_servers: str, board: Board) -> None:
    """Publish for ever. An event that Kafka does not take is dropped, and said on the board."""
    began_at = datetime.now(UTC)

    def wall(seconds: float) -> str:
        moment = began_at + timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    dice = random.Random()  # noqa: S311  # sample data, no secrets
    traffic = Traffic(dice, wall, secrets.token_hex(2))
    async with EventPublisher(KafkaConnection(bootstrap_servers), source=SOURCE) as publisher:
        began = time.monotonic()
        for step in traffic:
            await asyncio.sleep(began + step.at - time.monotonic())
            called_at = time.monotonic()
            try:
                done = await publisher.publish(
                    step.event_type,
                    step.data,
                    organization_id=step.organization_id,
                    user_id=step.user_id,
                )
            except EventsError as problem:
                board.trouble = f"publishing: {problem}"
            else:
                board.trouble = ""
                board.on_published(done.id, called_at)
