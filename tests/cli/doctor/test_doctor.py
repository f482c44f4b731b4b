"""`unionflow doctor` on this machine, and on one that is made bare for it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.support.programs import run_module
from unionflow_cli.doctor import machine


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if nothing were installed here and nothing had been fetched."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("UNIONFLOW_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("bare")
def test_a_bare_machine_gets_exit_code_1_and_a_command_for_each_lack() -> None:
    done = run_module("unionflow_cli", ["doctor"])
    assert done.returncode == 1
    for package in ("openjdk-17-jre-headless", "maven", "gcc libc6-dev"):
        assert f"apt-get install --no-install-recommends -y {package}\n" in done.stdout


@pytest.mark.usefixtures("bare")
def test_every_tier_of_tests_has_its_line() -> None:
    report = json.loads(run_module("unionflow_cli", ["doctor", "--json"]).stdout)
    tiers = {finding["tier"] for finding in report["findings"]}
    assert tiers >= {"browser", "cluster", "faketime", "helm", "nginx", "node", "prometheus"}


@pytest.mark.usefixtures("bare")
def test_its_table_fits_80_columns() -> None:
    done = run_module("unionflow_cli", ["doctor"])
    table, _, _ = done.stdout.partition("\n\n")
    assert max(len(line.rstrip()) for line in table.splitlines()) <= 80


@pytest.mark.usefixtures("bare")
def test_it_looks_and_touches_nothing(tmp_path: Path) -> None:
    run_module("unionflow_cli", ["doctor"])
    assert list(tmp_path.iterdir()) == []


def test_for_programs_it_prints_one_object_that_agrees_with_the_exit_code() -> None:
    done = run_module("unionflow_cli", ["doctor", "--json"])
    report = json.loads(done.stdout)
    states = {finding["state"] for finding in report["findings"]}
    assert report["ok"] == ("missing" not in states)
    assert done.returncode == (0 if report["ok"] else 1)


def test_a_port_that_is_held_is_shown_with_its_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        monkeypatch.setattr(machine, "PORTS", [(number, "relay", "--port")])
        (port,) = machine.gather().ports
    assert port.number == number
    assert port.holder is not None
    assert f"(process {os.getpid()} of " in port.holder
    assert not port.is_ours
