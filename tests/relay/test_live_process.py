"""A relay as a process: its command line, what it refuses to start with, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.relay.clients import PLAIN, V1, client, raw_client, request_head
from tests.relay.live import LOOPBACK, NO_SETTINGS, RunningRelay, relay_environment
from tests.relay.topics import Topics
from unionflow_relay.settings import Settings
from unionflow_runtime.settings import described_settings

NOWHERE = "127.0.0.1:1"


def run(*arguments: str, settings: Mapping[str, str] = NO_SETTINGS) -> tuple[int, str, str]:
    """Run a relay that is to end by itself: exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "unionflow_relay", *arguments],
        env=relay_environment(NOWHERE, settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_help_lists_every_setting_with_its_default_in_80_columns() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for variable, text in described_settings(Settings, kafka=True):
        assert variable in out
        assert text.split()[-1] in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_version_is_printed() -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert out.strip()


WRONG: dict[str, tuple[str, Mapping[str, str]]] = {
    "tokens without a key": ("UNIONFLOW_JWT_JWKS_URL", {"UNIONFLOW_AUTH": "jwt"}),
    "access that is not set": ("UNIONFLOW_JWT_JWKS_URL", {"UNIONFLOW_AUTH": ""}),
    "a port that is a word": ("UNIONFLOW_PORT", {"UNIONFLOW_PORT": "http"}),
    "a host that is none": ("UNIONFLOW_", {"UNIONFLOW_HOST": "no such host"}),
    "authorities that are not there": (
        "KAFKA_SSL_CAFILE",
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/nowhere/ca.pem"},
    ),
    "a file that is not there": ("UNIONFLOW_CONFIG", {"UNIONFLOW_CONFIG": "/nowhere/relay.yaml"}),
}


@pytest.mark.parametrize(("variable", "settings"), WRONG.values(), ids=WRONG.keys())
def test_it_does_not_start_and_says_why_in_one_line_for(
    variable: str, settings: Mapping[str, str]
) -> None:
    code, out, error = run(settings=settings)
    assert (code, out) == (2, "")
    assert error.count("\n") == 1
    assert error.startswith(variable)


@pytest.mark.parametrize("variable", ["UNIONFLOW_PORT", "UNIONFLOW_MANAGEMENT_PORT"])
def test_a_port_in_use_is_said_by_its_variable(variable: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        code, out, error = run(settings={variable: str(port)})
    assert (code, out) == (2, "")
    assert error.startswith(f"{variable}={port}: ")
    assert error.count("\n") == 1


def test_one_port_for_both_sides_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"UNIONFLOW_PORT": port, "UNIONFLOW_MANAGEMENT_PORT": port}
    code, _, error = run(settings=settings)
    assert code == 2
    assert error.startswith(f"UNIONFLOW_MANAGEMENT_PORT={port}: ")


def test_its_log_line_means_that_it_listens(tmp_path: Path) -> None:
    with RunningRelay.start(tmp_path, NOWHERE) as relay:
        for port in (relay.port, relay.management_port):
            socket.create_connection((LOOPBACK, port), timeout=10).close()


def test_the_log_is_text_where_that_was_asked() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "unionflow_relay"],
        env=relay_environment(NOWHERE, {"UNIONFLOW_LOG_FORMAT": "text"}),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.terminate()
    assert "relay listening" in line
    assert not line.startswith("{")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_relay_without_a_broker_ends_at_once_when_it_is_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    with RunningRelay.start(tmp_path, NOWHERE) as relay:
        relay.process.signal(number)
        assert await asyncio.to_thread(relay.process.wait, 10)
        assert relay.process.exit_code == 0


@pytest.mark.kafka
async def test_when_told_to_end_it_says_1012_to_every_client_and_exits_with_0(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        relay.wait_until_ready()
        async with (
            client(relay, V1) as one,
            client(relay, PLAIN) as two,
            client(relay, V1, cursor="message") as waiting,
            raw_client(relay) as deaf,
            raw_client(relay) as half,
        ):
            await deaf.send(request_head())
            await deaf.upgraded()
            await half.send(request_head()[:20])
            relay.process.signal(signal.SIGTERM)
            for whose in (one, two, waiting):
                code, reason = await whose.closed()
                assert code == 1012
                assert reason
            assert await asyncio.to_thread(relay.process.wait, 15)
        assert relay.process.exit_code == 0
        assert relay.lines("relay stopped")
        assert "Traceback" not in relay.log.read_text()
        assert "exception" not in relay.log.read_text()
