"""Kafka's jars are fetched once, whole or not at all, and afterwards nothing is needed for them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import running_module
from unionflow_cli.kafka import ensure_jars
from unionflow_cli.kafka.adapters.jars import jars_dir
from unionflow_cli.kafka.adapters.process import Process, identify
from unionflow_cli.kafka.core.maven import MAIN_JAR
from unionflow_cli.kafka.errors import FolderUnusable, JarsUnavailable, ToolMissing

STARTERS = "tests.cli.kafka.starters"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("UNIONFLOW_CACHE", str(cache))
    return cache


def install(folder: Path, name: str, script: str) -> None:
    """A program of that name for the PATH, to fail as a real one would on another machine."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.usefixtures("kafka_jars")
def test_two_fetches_at_once_bring_the_jars_once(empty_cache: Path) -> None:
    command = [sys.executable, "-m", STARTERS, "fetch", str(empty_cache)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [program.communicate(timeout=120)[0] for program in both]
    assert [program.returncode for program in both] == [0, 0]
    assert sum("fetching" in text for text in said) == 1
    assert (jars_dir() / MAIN_JAR).is_file()
    assert sorted(path.name for path in jars_dir().parent.iterdir()) == [
        jars_dir().name,
        "fetch.lock",
    ]


def test_jars_that_are_here_need_no_maven_and_no_path(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert ensure_jars().parent == own_cache / "kafka"


@pytest.mark.usefixtures("empty_cache")
def test_a_bare_machine_is_told_the_one_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ToolMissing) as lacking:
        ensure_jars()
    assert lacking.value.tools == ("Java 17 or newer", "Maven")
    assert "apt-get install --no-install-recommends -y openjdk-17-jre-headless maven" in str(
        lacking.value
    )


@pytest.mark.usefixtures("empty_cache")
def test_an_old_java_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.2\"' >&2")
    install(tmp_path / "bin", "mvn", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ToolMissing) as lacking:
        ensure_jars()
    assert lacking.value.tools == ("Java 17 or newer",)


@pytest.mark.parametrize(
    ("script", "last_line"),
    [
        ("echo '[ERROR] Unknown host'; exit 1", "[ERROR] Unknown host"),
        ("echo 'done'; exit 0", "done"),
    ],
    ids=["Maven fails", "Maven says that all is well and brings nothing"],
)
@pytest.mark.usefixtures("kafka_jars")
def test_a_failed_fetch_is_told_in_mavens_words_and_leaves_nothing(
    script: str,
    last_line: str,
    empty_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(tmp_path / "bin", "mvn", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(JarsUnavailable) as failed:
        ensure_jars()
    assert failed.value.details == (last_line,)
    assert [path.name for path in (empty_cache / "kafka").iterdir()] == ["fetch.lock"]


@pytest.mark.usefixtures("kafka_jars")
def test_a_fetch_that_was_killed_takes_maven_along_and_the_next_one_clears_up(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    pid_file = tmp_path / "pid"
    install(
        tmp_path / "bin",
        "mvn",
        f"echo $$ >{pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600",
    )
    with monkeypatch.context() as slow:
        slow.setenv("PATH", path)
        with running_module(STARTERS, ["fetch", str(empty_cache)]) as starter:
            assert starter.stdout is not None
            assert "fetching" in starter.stdout.readline()
            maven = _wait_for(pid_file)
            starter.send_signal(signal.SIGKILL)
            assert maven.wait(10)
    assert list((empty_cache / "kafka").glob(".fetch-*"))
    assert (ensure_jars() / MAIN_JAR).is_file()
    assert not list((empty_cache / "kafka").glob(".fetch-*"))


def test_a_cache_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNIONFLOW_CACHE", str(tmp_path / "file"))
    with pytest.raises(FolderUnusable, match="UNIONFLOW_CACHE"):
        ensure_jars()


def _wait_for(pid_file: Path) -> Process:
    while not pid_file.exists():
        signal.sigtimedwait([], 0.01)
    identity = identify(int(pid_file.read_text()))
    assert identity is not None
    process = Process.find(identity)
    assert process is not None
    return process
