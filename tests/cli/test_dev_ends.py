"""However `unionflow dev` ends, it leaves no process behind, and says why it ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

import psutil
import pytest

from tests.cli.running import (
    FREE_PORTS,
    PATIENCE_SECONDS,
    Running,
    alive,
    command,
    finish,
    unionflow,
)
from unionflow_cli.exits import ExitCode

pytestmark = pytest.mark.kafka
Environ = Mapping[str, str]


def wait_until_it_shows_events(dev: Running) -> list[psutil.Process]:
    dev.wait_for_line("APPROVAL_PENDING")
    family = dev.family()
    assert len(family) == 4, "itself, a broker, a relay and a backend"
    return family


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_code_0_and_no_process_left(
    own_cache: Environ, number: signal.Signals
) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        family = wait_until_it_shows_events(dev)
        assert dev.end(number) == ExitCode.OK
        assert alive(family) == []
        assert "Traceback" not in dev.everything


def test_a_signal_during_the_start_leaves_no_process_either(own_cache: Environ) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        dev.wait_for(lambda: len(dev.family()) > 1, "its first child")
        family = dev.family()
        assert dev.end() == ExitCode.OK
        assert alive(family) == []
        assert "Traceback" not in dev.everything


def test_a_relay_that_is_killed_ends_it_with_exit_code_5_and_the_relays_last_lines(
    own_cache: Environ,
) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        family = wait_until_it_shows_events(dev)
        dev.child("unionflow_relay").kill()
        assert dev.exit_code() == ExitCode.CRASHED
        assert alive(family) == []
        error = next(n for n, line in enumerate(dev.err) if line.startswith("error: "))
        assert dev.err[error] == "error: the relay ended by itself by signal 9"
        assert dev.err[error + 1].startswith("       its whole log: ")
        assert "info topic followed" in dev.err[error - 1]


def test_a_backend_that_is_killed_ends_it_with_exit_code_5(own_cache: Environ) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        family = wait_until_it_shows_events(dev)
        dev.child("unionflow_backend").kill()
        assert dev.exit_code() == ExitCode.CRASHED
        assert alive(family) == []
        assert "error: the backend ended by itself by signal 9" in dev.err


def test_a_broker_that_is_killed_ends_it_with_exit_code_5(own_cache: Environ) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        family = wait_until_it_shows_events(dev)
        broker = dev.child("kafka.Kafka")
        broker.kill()
        assert dev.exit_code() == ExitCode.CRASHED
        assert alive(family) == []
        assert f"error: the Kafka broker, process {broker.pid}, ended by itself" in dev.err


def test_what_it_started_dies_with_it_when_it_is_killed(own_cache: Environ) -> None:
    with unionflow("dev", *FREE_PORTS, environ=own_cache) as dev:
        family = wait_until_it_shows_events(dev)
        dev.end(signal.SIGKILL)
        assert alive(family) == []


@pytest.mark.parametrize(
    "option",
    ["--port", "--management-port", "--kafka-port", "--backend-port", "--backend-management-port"],
)
def test_a_port_that_is_taken_is_named_with_its_holder_and_the_option(
    own_cache: Environ, option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        result = finish("dev", *FREE_PORTS, option, str(port), environ=own_cache)
    assert result.returncode == ExitCode.IN_USE
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error: port {port} is in use by ")
    assert f"process {os.getpid()} " in first
    assert f"{option} PORT" in second


def test_ctrl_c_at_a_terminal_ends_it_and_gives_the_screen_back(own_cache: Environ) -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        command("dev", *FREE_PORTS),
        env={**own_cache, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509  # one call, no lock in it
        pass_fds=(slave,),
    )
    os.close(slave)
    screen = Screen(master)
    try:
        screen.wait_for(b"newest events", process)
        screen.wait_for(b"APPROVAL_PENDING", process)
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
        os.write(master, b"\x03")
        screen.wait_for(b"events in", process)
        assert process.wait(PATIENCE_SECONDS) == ExitCode.OK
        assert len(family) == 4
        assert alive(family) == []
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
    assert screen.text.index(ENTER_SCREEN) < screen.text.index(LEAVE_SCREEN)


ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"


class Screen:
    """All that was written to a terminal."""

    def __init__(self, master: int) -> None:
        self.text = b""
        self._master = master
        os.set_blocking(master, False)

    def wait_for(self, part: bytes, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while part not in self.text:
            with suppress(BlockingIOError, OSError):
                self.text += os.read(self._master, 65_536)
            if process.poll() is not None or time.monotonic() > deadline:
                with suppress(BlockingIOError, OSError):
                    self.text += os.read(self._master, 65_536)
                assert part in self.text, self.text.decode(errors="replace")
            time.sleep(0.02)
