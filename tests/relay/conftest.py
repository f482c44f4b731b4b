"""What the relay's live tests share: one Kafka, the five topics in it, and two relays of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.live import RunningRelay
from tests.relay.topics import Topics
from tests.support.kafka import Kafka, kafka_tier
from unionflow_cli.kafka import Broker


@pytest.fixture(scope="session")
def shared_topics(kafka: Kafka) -> Topics:
    """The five topics, three partitions each, of all tests that tell theirs by organisation."""
    topics = Topics(kafka.bootstrap_servers, f"relay{uuid.uuid4().hex[:8]}.")
    topics.create()
    return topics


@pytest.fixture(scope="session")
def relay(
    kafka: Kafka, shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay with its defaults, for tests that neither stop it nor count what it counts."""
    folder = tmp_path_factory.mktemp("relay")
    with RunningRelay.start(folder, kafka.bootstrap_servers, shared_topics.settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture(scope="session")
def second_relay(
    kafka: Kafka, shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """Another one of the same topics, with a heartbeat a second and a line for every record."""
    settings = {
        **shared_topics.settings,
        "UNIONFLOW_HEARTBEAT_SECONDS": "1",
        "UNIONFLOW_LOG_LEVEL": "debug",
    }
    folder = tmp_path_factory.mktemp("second-relay")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture
def topics(kafka: Kafka, topic_prefix: str) -> Topics:
    """Topics of this test's own in the shared Kafka; none is there yet."""
    return Topics(kafka.bootstrap_servers, topic_prefix)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of one module's own; each test that stops it leaves it running."""
    with kafka_tier(), Broker.start(tmp_path_factory.mktemp("broker") / "kafka") as broker:
        yield broker


@pytest.fixture
def own_topics(broker: Broker, topic_prefix: str) -> Topics:
    """The five topics of this test's own in the module's broker."""
    topics = Topics(broker.bootstrap_servers, topic_prefix)
    topics.create()
    return topics


@pytest.fixture
def own_relay(broker: Broker, own_topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay of those."""
    with RunningRelay.start(tmp_path, broker.bootstrap_servers, own_topics.settings) as relay:
        yield relay.wait_until_ready()


@pytest.fixture(scope="module")
def forgetful_relay(
    shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay that keeps nothing in memory: whatever was missed comes from Kafka."""
    settings = {
        **shared_topics.settings,
        "UNIONFLOW_HISTORY_BYTES": "0",
        "UNIONFLOW_HEARTBEAT_SECONDS": "1",
    }
    folder = tmp_path_factory.mktemp("forgetful-relay")
    with RunningRelay.start(folder, shared_topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()
