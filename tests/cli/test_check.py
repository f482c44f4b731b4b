"""`unionflow dev --check`: what proves an installation, on this one."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.running import FREE_PORTS, alive, finish, unionflow
from unionflow_cli.adapters.relay_process import RelayProcess
from unionflow_cli.exits import ExitCode
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import CATALOGUE

pytestmark = pytest.mark.kafka
Environ = Mapping[str, str]


def test_it_prints_a_line_per_promise_at_80_columns_and_ends_with_0(own_cache: Environ) -> None:
    result = finish("dev", "--check", *FREE_PORTS, environ=own_cache)
    lines = result.stdout.splitlines()
    promises = [line for line in lines if line.startswith(("  ✓ ", "  ✗ "))]
    assert result.returncode == ExitCode.OK, result.stdout + result.stderr
    assert len(promises) == 15
    assert not any("✗" in line for line in promises)
    assert lines[-1] == "  every promise is kept"
    assert max(map(len, lines)) <= 80


async def test_a_relay_that_runs_already_is_checked_by_its_url(
    own_kafka: Broker, own_cache: Environ, tmp_path: Path
) -> None:
    servers = own_kafka.bootstrap_servers
    apply_topics(servers, [topic.name for topic in CATALOGUE])
    relay = RelayProcess(tmp_path / "relay.log", 0, 0, heartbeat_seconds=1)
    await relay.start(servers)
    check = ("dev", "--check", "--json", "--url", relay.url, "--bootstrap-servers", servers)
    result = await asyncio.to_thread(finish, *check, environ=own_cache)
    await relay.stop()
    report = json.loads(result.stdout)
    assert [promise for promise in report["promises"] if not promise["kept"]] == []
    assert report["kept"] is True
    assert result.returncode == ExitCode.OK


def test_ctrl_c_in_its_midst_leaves_no_process(own_cache: Environ) -> None:
    with unionflow("dev", "--check", *FREE_PORTS, environ=own_cache) as checking:
        checking.wait_for_line("✓ relay")
        family = checking.family()
        assert checking.end(signal.SIGINT) == ExitCode.OK
        assert alive(family) == []


def test_without_a_relay_it_says_so_and_ends_with_3(own_cache: Environ) -> None:
    result = finish("dev", "--check", "--url", "127.0.0.1:1", environ=own_cache)
    assert result.returncode == ExitCode.UNAVAILABLE
    assert result.stderr.splitlines()[-2:] == [
        "error: a client cannot connect: nobody listens at 127.0.0.1:1",
        "       is the relay running?",
    ]
