"""The fixtures' own rules: what is skipped, what is a failure, and what is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kafka import kafka_tier, shared_kafka
from tests.support.programs import run_module
from unionflow_cli.kafka.errors import ToolMissing


def test_a_missing_tool_skips_with_one_line_on_a_persons_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped, kafka_tier():
        raise ToolMissing(["Maven"], "apt-get install -y maven")
    assert str(skipped.value) == (
        "Kafka needs Maven, not found on this machine; install: apt-get install -y maven"
    )


def test_a_missing_tool_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Kafka needs Maven"), kafka_tier():
        raise ToolMissing(["Maven"], "apt-get install -y maven")


def test_a_kafka_that_somebody_gave_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    with shared_kafka(tmp_path) as kafka:
        assert kafka.bootstrap_servers == "kafka.example:9092"
    assert list(tmp_path.iterdir()) == []


def test_every_test_that_asks_for_a_kafka_carries_the_marker() -> None:
    here = Path(__file__)
    listed = run_module(
        "pytest",
        ["--collect-only", "-q", "-m", "kafka", "-p", "no:cacheprovider", str(here.parent)],
    ).stdout
    assert "test_broker.py::test_a_paused_broker" in listed
    assert "test_secured.py" in listed
    assert "test_core.py" not in listed
