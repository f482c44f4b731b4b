"""Fixtures of every room: real Apache Kafka, and names that keep one test's topics its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka import FIXTURES, Kafka, kafka_tier, shared_kafka
from unionflow_cli.kafka import Broker, Cluster, start_cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a Kafka, so that `-m 'not kafka'` leaves all of them out."""
    for item in items:
        if not FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A Kafka for all tests of this run. Use it with `topic_prefix`, and do not stop it."""
    with shared_kafka(tmp_path_factory.mktemp("kafka")) as shared:
        yield shared


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Broker]:
    """A broker of this test's own, to stop, kill, pause and restart."""
    with kafka_tier(), Broker.start(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
def kafka_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three brokers of this test's own: topics survive the loss of one."""
    with kafka_tier(), start_cluster(tmp_path / "kafka") as cluster:
        yield cluster


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topic names that no other test and no other run has."""
    return f"t{uuid.uuid4().hex[:12]}."
