"""The Kafka that tests talk to: one that somebody gave, or one of our own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.tiers import tier_is_missing
from unionflow_cli.kafka import Broker
from unionflow_cli.kafka.errors import JarsUnavailable, ToolMissing

# Whoever asks for one of them needs the tier `kafka`.
FIXTURES = frozenset({"kafka", "own_kafka", "kafka_cluster", "kafka_jars"})


@dataclass(frozen=True, slots=True)
class Kafka:
    """A running Kafka that belongs to all tests: none stops it, each has topics of its own."""

    bootstrap_servers: str


@contextmanager
def shared_kafka(folder: Path) -> Iterator[Kafka]:
    """`KAFKA_BOOTSTRAP_SERVERS` if it is set, else a broker of our own in `folder`."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield Kafka(given)
        return
    with kafka_tier(), Broker.start(folder) as broker:
        yield Kafka(broker.bootstrap_servers)


@contextmanager
def kafka_tier() -> Iterator[None]:
    """Within it, a missing tool skips the test, or fails it in CI."""
    try:
        yield
    except (ToolMissing, JarsUnavailable) as missing:
        tier_is_missing(str(missing))
