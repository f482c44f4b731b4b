"""Fixtures of every room: real Kafka, PostgreSQL and Kubernetes, and what keeps tests apart."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import apiserver as apiserver_support
from tests.support import kafka as kafka_support
from tests.support import postgres as postgres_support
from tests.support import prometheus as prometheus_support
from tests.support.apiserver import ApiServer, running_apiserver
from tests.support.kafka import Kafka, kafka_tier, shared_kafka
from tests.support.postgres import Postgres, running_postgres
from unionflow_cli.kafka import Broker, Cluster, start_cluster

# No deadline per example: this machine may be busy, and no such test is about absolute times.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a Kafka, so that `-m 'not kafka'` leaves all of them out.

    The same for PostgreSQL, Node.js, Chromium and the API server.
    """
    tiers = {
        "apiserver": apiserver_support.FIXTURES,
        "browser": frozenset({"browser"}),
        "kafka": kafka_support.FIXTURES,
        "node": frozenset({"dashboard", "typescript_client"}),
        "postgres": postgres_support.FIXTURES,
        "prometheus": prometheus_support.FIXTURES,
    }
    for item in items:
        for marker, fixtures in tiers.items():
            if not fixtures.isdisjoint(getattr(item, "fixturenames", ())):
                item.add_marker(marker)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build Kubernetes before any test runs: the first time it takes longer than a test may."""
    wanted = any(item.get_closest_marker("apiserver") for item in session.items)
    if wanted and not session.config.option.collectonly:
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        apiserver_support.prepare(terminal.write_line if terminal else lambda _: None)


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests of this run. Each has a database of its own, and none stops it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, to stop, kill, pause and restart."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server for all tests of this run. Use it with `namespace`, and do not stop it."""
    with running_apiserver(tmp_path_factory.mktemp("apiserver")) as shared:
        yield shared


@pytest.fixture
def namespace(apiserver: ApiServer) -> Iterator[str]:
    """A namespace of this test's own."""
    name = apiserver.make_namespace()
    yield name
    apiserver.remove_namespace(name)


@pytest.fixture
def own_apiserver(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server of this test's own, to stop, kill, pause and restart."""
    with running_apiserver(tmp_path / "apiserver") as own:
        yield own
