"""An API server that goes away, hangs or falls silent: nothing is lost, nothing is started anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.operator.live.proxy import FreezingProxy
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer, running_apiserver
from tests.support.kafka import Kafka

RESYNC_SECONDS = 3


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with running_apiserver(tmp_path_factory.mktemp("own") / "apiserver") as server:
        yield server


@pytest.fixture
def own_streams(own: ApiServer) -> Streams:
    return Streams(own, own.make_namespace())


def start(
    streams: Streams, folder: Path, kubeconfig: Path, resync: float = RESYNC_SECONDS
) -> RunningOperator:
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "UNIONFLOW_RESYNC_SECONDS": str(resync),
    }
    return RunningOperator.start(folder, kubeconfig, settings)


def test_an_api_server_that_is_killed_and_comes_back_finds_the_same_operator_at_work(
    own: ApiServer, own_streams: Streams, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    streams = own_streams
    with start(streams, tmp_path, own.kubeconfig, resync=300) as operator:
        streams.create(manifest("stays", kafka.bootstrap_servers, topic_prefix))
        streams.wait_for("stays", "TopicsReady", "True")
        own.kill()
        time.sleep(3)
        assert operator.get("/livez") == (200, '{"live":true,"reasons":[]}')
        own.start_again()
        streams.create(manifest("comes", kafka.bootstrap_servers, topic_prefix + "b."))
        streams.wait_for("comes", "TopicsReady", "True")
        assert operator.process.is_running


def test_a_watch_that_falls_silent_is_found_out_by_a_resync_and_started_anew(
    own: ApiServer, own_streams: Streams, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    streams = own_streams
    config = yaml.safe_load(own.kubeconfig.read_text())
    address = urlsplit(own.url)
    assert address.hostname is not None
    assert address.port is not None
    with FreezingProxy(address.hostname, address.port) as proxy:
        for cluster in config["clusters"]:
            cluster["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        through = tmp_path / "kubeconfig"
        through.write_text(yaml.safe_dump(config))
        with start(streams, tmp_path, through) as operator:
            streams.create(manifest("heard", kafka.bootstrap_servers, topic_prefix))
            streams.wait_for("heard", "TopicsReady", "True")
            until("watches", lambda: proxy.freeze_watches(RESYNC_SECONDS + 1) > 5)
            streams.create(manifest("unheard", kafka.bootstrap_servers, topic_prefix + "b."))
            streams.wait_for("unheard", "TopicsReady", "True")
            until("told", lambda: operator.metric("watch_missed_total") > 0)
            until("anew", lambda: operator.metric("watch_starts_total") == 2)
            assert operator.get("/livez")[0] == 200
