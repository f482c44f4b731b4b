"""A broker's quick start: made once, passed over where it does not fit, missed by nobody."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from unionflow_cli.kafka import Broker
from unionflow_cli.kafka.adapters.installation import ensure_kafka
from unionflow_cli.kafka.core.jvm import STORAGE_TOOL

pytestmark = pytest.mark.usefixtures("kafka_jars")


@pytest.fixture
def copied_jars(kafka_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache whose jars are its own (hard links), so that no archive is there yet."""
    jars = tmp_path / "cache" / "kafka" / kafka_jars.name
    jars.mkdir(parents=True)
    for jar in kafka_jars.resolve().iterdir():
        (jars / jar.name).hardlink_to(jar)
    monkeypatch.setenv("UNIONFLOW_CACHE", str(tmp_path / "cache"))
    return jars


def test_the_archive_is_made_once_also_by_two_at_once(copied_jars: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ensure_kafka, [said.append, said.append])
    assert first == second
    assert first.archive is not None
    assert first.archive.stat().st_size > 10_000_000
    assert said == ["preparing Kafka for quick starts, once"]
    assert sorted(path.name for path in first.archive.parent.iterdir()) == sorted(
        ["archive.lock", first.archive.name]
    )
    assert first.jars == copied_jars


def test_without_an_archive_a_broker_starts_all_the_same(
    copied_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unionflow_cli.kafka.adapters.installation.ARCHIVE_SECONDS", 0.0)
    with Broker.start(tmp_path / "kafka") as broker:
        assert broker.is_running
    (archive,) = copied_jars.parent.glob("archives/*.jsa")
    assert archive.stat().st_size == 0
    assert ensure_kafka().archive is None


def test_a_cache_that_may_only_be_read_does_without_an_archive(copied_jars: Path) -> None:
    (copied_jars.parent / "archives").write_text("in the way")
    assert ensure_kafka().archive is None


def test_an_archive_that_does_not_fit_is_passed_over(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsa"
    wrong.write_bytes(b"not an archive")
    installation = replace(ensure_kafka(), archive=wrong)
    command = installation.command(STORAGE_TOOL, "random-uuid")
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
