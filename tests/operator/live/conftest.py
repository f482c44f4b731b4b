"""One operator for each module of tests, in a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operator.live.account import account_kubeconfig
from tests.operator.live.running import RunningOperator
from tests.operator.live.streams import Streams, Topics
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka


@pytest.fixture(scope="module")
def streams(apiserver: ApiServer) -> Iterator[Streams]:
    """The streams of a namespace that the module's operator looks after."""
    streams = Streams(apiserver, apiserver.make_namespace())
    yield streams
    streams.close()


@pytest.fixture(scope="module")
def rights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's operator writes down the rights that it uses."""
    return tmp_path_factory.mktemp("rights") / "used"


@pytest.fixture(scope="module")
def operator(
    apiserver: ApiServer,
    streams: Streams,
    rights_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningOperator]:
    """An operator of the namespace, with the account that the manifests give it."""
    folder = tmp_path_factory.mktemp("operator")
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "POD_NAMESPACE": streams.namespace,
        "UNIONFLOW_LEADER_ELECTION": "true",
        "RIGHTS_FILE": str(rights_file),
    }
    kubeconfig = account_kubeconfig(apiserver, streams.namespace, folder)
    program = ("-m", "tests.operator.live.recorded")
    with RunningOperator.start(folder, kubeconfig, settings, program) as running:
        yield running


@pytest.fixture
def topics(kafka: Kafka) -> Topics:
    """What the broker has."""
    return Topics(kafka.bootstrap_servers)
