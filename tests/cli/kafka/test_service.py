"""`unionflow kafka start|stop|status`: one background broker, and nobody else's process touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka import Kafka
from tests.support.programs import run_module
from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.adapters.process import identify
from unionflow_cli.kafka.core.properties import LOOPBACK


@pytest.fixture
def port(own_cache: Path) -> Iterator[int]:
    """A free port for the background broker of a cache of its own, which is stopped at the end."""
    (free,) = ports.free_ports(1)
    yield free
    assert answer("kafka", "status")["folder"] == str(own_cache / "kafka" / "service")
    unionflow("kafka", "stop")


def unionflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_module("unionflow_cli", arguments)


def answer(*arguments: str) -> dict[str, object]:
    done = unionflow(*arguments, "--json")
    fields: dict[str, object] = json.loads(done.stdout)
    return fields


def test_it_starts_runs_on_without_its_starter_and_stops(port: int) -> None:
    assert unionflow("kafka", "status").returncode == 3
    assert unionflow("kafka", "start", "--port", str(port)).returncode == 0
    status = unionflow("kafka", "status")
    assert status.returncode == 0
    assert f"Kafka runs on 127.0.0.1:{port}" in status.stdout
    assert answer("kafka", "stop")["stopped"] is True
    assert unionflow("kafka", "status").returncode == 3
    assert answer("kafka", "stop")["stopped"] is False


def test_its_topics_survive_a_stop_and_a_kill(port: int) -> None:
    pid = answer("kafka", "start", "--port", str(port))["pid"]
    servers = f"127.0.0.1:{port}"
    assert unionflow("topics", "apply", "--bootstrap-servers", servers).returncode == 0
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    assert answer("kafka", "start", "--port", str(port))["pid"] != pid
    assert answer("topics", "apply", "--bootstrap-servers", servers)["changes"] == []
    unionflow("kafka", "stop")
    answer("kafka", "start", "--port", str(port))
    assert answer("topics", "apply", "--bootstrap-servers", servers)["changes"] == []


def test_a_second_start_says_where_it_runs_and_refuses_another_port(port: int) -> None:
    first = answer("kafka", "start", "--port", str(port))
    assert answer("kafka", "start") == first
    other = unionflow("kafka", "start", "--port", str(port + 1))
    assert other.returncode == 4
    assert f"on port {port} and not {port + 1}" in other.stderr


def test_two_starts_at_once_start_one_broker_and_both_succeed(port: int) -> None:
    command = ["-m", "unionflow_cli", "kafka", "start", "--port", str(port), "--json"]
    both = [subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE) for _ in range(2)]
    said = [json.loads(program.communicate(timeout=120)[0]) for program in both]
    assert [program.returncode for program in both] == [0, 0]
    assert said[0]["pid"] == said[1]["pid"]


def test_a_paused_broker_runs_without_answering_and_can_be_stopped(port: int) -> None:
    pid = answer("kafka", "start", "--port", str(port))["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGSTOP)
    status = unionflow("kafka", "status")
    assert status.returncode == 3
    assert "does not answer" in status.stdout
    assert answer("kafka", "stop") == {"stopped": True, "pid": pid}


def test_a_port_in_use_is_said_with_its_holder(port: int) -> None:
    with socket.create_server((LOOPBACK, port)):
        refused = unionflow("kafka", "start", "--port", str(port))
    assert refused.returncode == 4
    assert f"port {port} is in use by " in refused.stderr
    assert f"process {os.getpid()} of" in refused.stderr
    assert "--port" in refused.stderr


@pytest.mark.parametrize("own_boot", [True, False], ids=["a reused pid", "a pid before a reboot"])
def test_stop_leaves_a_process_alone_that_only_has_the_same_pid(
    own_boot: bool, own_cache: Path
) -> None:
    with subprocess.Popen([shutil.which("sleep") or "sleep", "600"]) as bystander:
        identity = identify(bystander.pid)
        assert identity is not None
        entry = {
            "pid": bystander.pid,
            "start_ticks": identity.start_ticks - own_boot,
            "boot_id": identity.boot_id if own_boot else "earlier",
            "port": 9092,
        }
        (own_cache / "kafka" / "service").mkdir()
        (own_cache / "kafka" / "service" / "broker.json").write_text(json.dumps(entry))
        assert answer("kafka", "stop") == {"stopped": False, "pid": None}
        assert bystander.poll() is None
        bystander.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "port": 2}'])
def test_a_note_that_cannot_be_read_is_as_good_as_none(text: str, own_cache: Path) -> None:
    (own_cache / "kafka" / "service").mkdir()
    (own_cache / "kafka" / "service" / "broker.json").write_text(text)
    assert unionflow("kafka", "status").returncode == 3


def test_topics_apply_makes_the_five_under_their_prefix_once(
    kafka: Kafka, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("UNIONFLOW_TOPIC_PREFIX", topic_prefix)
    first = unionflow("topics", "apply")
    assert first.returncode == 0
    lines = first.stdout.splitlines()
    assert len(lines) == 5
    assert f"{topic_prefix}unionflow.members.events: created with 6 partitions" in lines
    again = unionflow("topics", "apply")
    assert again.stdout == "nothing to change: 5 topics are as they should be\n"


def test_topics_apply_without_a_kafka_says_so_with_exit_code_3() -> None:
    (free,) = ports.free_ports(1)
    failed = unionflow("topics", "apply", "--bootstrap-servers", f"127.0.0.1:{free}")
    assert failed.returncode == 3
    assert f"127.0.0.1:{free}" in failed.stderr
