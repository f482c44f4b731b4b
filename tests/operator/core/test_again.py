"""When a stream is looked at again although nothing is heard of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.operator.core.world import BEGINNING, World
from unionflow_operator.core.observed import Answer, Handshake, SecretKey
from unionflow_operator.core.reasons import Reason

SPEC: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "topics": [{"name": "audit", "partitions": 3}],
}


def test_a_stream_that_is_not_ready_is_looked_at_less_and_less_often() -> None:
    world = World(SPEC, handshake=Handshake(Answer.REFUSED))
    world.converge()
    waits = []
    for minutes in (0, 1, 2, 60):
        world.now = BEGINNING + timedelta(minutes=minutes)
        waits.append(world.plan().requeue_after)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5.0, 60.0)


def test_a_secret_that_is_missing_is_looked_for_also_where_clients_are_served() -> None:
    """Nobody tells of a Secret that comes, and a resync may be an hour away."""
    world = World({**SPEC, "auth": {"secretRef": {"name": "tokens"}}})
    world.converge()
    world.lost_secrets = frozenset({SecretKey("tokens", "secret")})
    world.converge()
    assert world.condition("Ready")[:2] == ("True", Reason.SERVING_CLIENTS)
    lost_at, waits = world.now, []
    for minutes in (0, 1, 2, 60):
        world.now = lost_at + timedelta(minutes=minutes)
        waits.append(world.plan().requeue_after)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5.0, 60.0)
    world.lost_secrets = frozenset()
    world.converge()
    assert world.plan().requeue_after == world.installation.resync_seconds
