"""A real broker under real faults."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from tests.support.programs import running_module
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_cli.kafka.adapters.admin import answers
from unionflow_cli.kafka.adapters.broker import new_node
from unionflow_cli.kafka.adapters.folder import read_entry
from unionflow_cli.kafka.adapters.process import Process, identify
from unionflow_cli.kafka.core.properties import LOOPBACK
from unionflow_cli.kafka.errors import BrokerFailed, FolderInUse, FolderUnusable, PortInUse

pytestmark = pytest.mark.usefixtures("kafka_jars")


def topics(broker: Broker) -> set[str]:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
    return set(admin.list_topics(timeout=10).topics)


def test_a_restart_and_a_kill_keep_address_and_data(own_kafka: Broker) -> None:
    address, pid = own_kafka.bootstrap_servers, own_kafka.pid
    apply_topics(address, ["a"])
    own_kafka.restart()
    apply_topics(address, ["b"])
    own_kafka.kill()
    assert not own_kafka.is_running
    own_kafka.restart()
    assert own_kafka.bootstrap_servers == address
    assert own_kafka.pid != pid
    assert topics(own_kafka) == {"a", "b"}


def test_a_paused_broker_answers_nothing_until_it_is_resumed(own_kafka: Broker) -> None:
    own_kafka.pause()
    assert own_kafka.is_running
    assert not answers(own_kafka.bootstrap_servers, timeout=0.5)
    own_kafka.resume()
    assert answers(own_kafka.bootstrap_servers, timeout=20)


def test_a_topic_nobody_made_is_not_made_by_asking_for_it(own_kafka: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap_servers, "log_level": 0})
    admin.list_topics("surprise", timeout=10)
    assert topics(own_kafka) == set()


def test_properties_of_the_caller_reach_the_broker(tmp_path: Path) -> None:
    with Broker.start(tmp_path, properties={"message.max.bytes": "4321"}) as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
        resource = ConfigResource(ResourceType.BROKER, "1")
        described = admin.describe_configs([resource])[resource].result(timeout=10)
        assert described["message.max.bytes"].value == "4321"


def test_a_broker_dies_with_its_starter_and_its_folder_can_be_used_again(tmp_path: Path) -> None:
    with running_module("tests.cli.kafka.starters", ["broker", str(tmp_path)]) as starter:
        assert starter.stdout is not None
        identity = identify(int(starter.stdout.readline()))
        assert identity is not None
        broker = Process.find(identity)
        assert broker is not None
        starter.send_signal(signal.SIGKILL)
        assert broker.wait(10)
        broker.close()
    with Broker.start(tmp_path) as again:
        assert topics(again) == set()


def test_a_folder_has_one_broker_and_the_second_is_told_which(own_kafka: Broker) -> None:
    with pytest.raises(FolderInUse, match=f"process {own_kafka.pid}$"):
        Broker.start(own_kafka.folder)
    assert answers(own_kafka.bootstrap_servers, timeout=10)


def test_a_port_that_is_taken_is_said_with_its_holder(tmp_path: Path) -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as server,
        pytest.raises(PortInUse, match=r"in use by .* \(process \d+ of "),
    ):
        Broker.start(tmp_path, port=server.getsockname()[1])
    assert not (tmp_path / "data").exists()


def test_a_broken_folder_is_said_in_kafkas_words_and_left_as_it_is(tmp_path: Path) -> None:
    Broker.start(tmp_path).stop()
    metadata = tmp_path / "data" / "meta.properties"
    metadata.write_text("version=7\n")
    with pytest.raises(BrokerFailed) as failed:
        Broker.start(tmp_path)
    assert "ended at its start" in failed.value.message
    assert f"rm -r {tmp_path / 'data'}" in failed.value.advice
    assert any("meta.properties" in line for line in failed.value.details)
    assert metadata.read_text() == "version=7\n"


def test_a_format_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "meta.properties").write_text("half")
    with Broker.start(tmp_path) as broker:
        assert answers(broker.bootstrap_servers, timeout=10)
    assert not (tmp_path / "data.new").exists()


def test_a_cluster_id_may_begin_with_a_dash(tmp_path: Path) -> None:
    broker = Broker(new_node(tmp_path), cluster_id="-bIbIKjZQg6JeaibFWLpmQ")
    with broker:
        broker.launch()
        broker.wait_until_ready()
        assert "cluster.id=-bIbIKjZQg6JeaibFWLpmQ" in (
            (tmp_path / "data" / "meta.properties").read_text()
        )


def test_a_setting_that_kafka_refuses_ends_the_start_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(BrokerFailed, match="no\\.such\\.Class"):
        Broker.start(tmp_path, properties={"metric.reporters": "no.such.Class"})


def test_a_broker_that_is_late_is_stopped_and_said_to_be_late(tmp_path: Path) -> None:
    with pytest.raises(BrokerFailed, match=r"was not ready in 0 s"):
        Broker.start(tmp_path, timeout=0.01)
    entry = read_entry(tmp_path)
    assert entry is not None
    assert Process.find(entry[0]) is None


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusable, match="cannot be used"):
        Broker.start(tmp_path / "file" / "kafka")


def test_a_port_that_is_lost_to_another_in_the_last_moment_is_named_in_the_log(
    tmp_path: Path,
) -> None:
    node = new_node(tmp_path)
    broker = Broker(node)
    with socket.create_server((LOOPBACK, node.internal_port)):
        broker.launch()
        with pytest.raises(BrokerFailed, match=str(node.internal_port)):
            broker.wait_until_ready()


def test_a_stopped_broker_refuses_connections_at_once(own_kafka: Broker) -> None:
    own_kafka.stop()
    start = time.monotonic()
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap_servers, "log_level": 0})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=0.5)
    assert time.monotonic() - start < 5
