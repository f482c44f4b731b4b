"""No process is left behind, and none but the one that was meant is ever signalled."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.programs import running_module
from unionflow_cli.kafka.adapters.process import Process, identify
from unionflow_cli.kafka.adapters.spawn import spawn_detached, spawn_tethered

SLEEP = [str(shutil.which("sleep")), "600"]
STARTERS = "tests.cli.kafka.starters"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = spawn_tethered(SLEEP, tmp_path / "log")
    yield process
    process.kill()


def find(pid: int) -> Process:
    identity = identify(pid)
    assert identity is not None
    process = Process.find(identity)
    assert process is not None
    return process


@pytest.mark.parametrize("what", ["tethered", "in a thread"])
def test_a_program_dies_with_its_starter_even_when_that_is_killed(
    what: str, tmp_path: Path
) -> None:
    with running_module(STARTERS, [what, str(tmp_path)]) as starter:
        assert starter.stdout is not None
        process = find(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
        assert process.wait(10)


def test_a_program_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    with running_module(STARTERS, ["in a thread", str(tmp_path)]) as starter:
        assert starter.stdout is not None
        process = find(int(starter.stdout.readline()))
        assert not process.wait(0.5)


def test_a_paused_program_dies_with_its_starter_as_well(tmp_path: Path) -> None:
    with running_module(STARTERS, ["tethered", str(tmp_path)]) as starter:
        assert starter.stdout is not None
        process = find(int(starter.stdout.readline()))
        process.signal(signal.SIGSTOP)
        starter.send_signal(signal.SIGKILL)
        assert process.wait(10)


def test_a_service_outlives_its_starter(tmp_path: Path) -> None:
    with running_module(STARTERS, ["detached", str(tmp_path)]) as starter:
        assert starter.stdout is not None
        process = find(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        assert not process.wait(0.5)
        process.kill()


def test_ctrl_c_at_the_terminal_does_not_reach_a_tethered_program(sleeper: Process) -> None:
    group = Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[2]
    assert int(group) == sleeper.pid


def test_a_pid_that_is_another_process_by_now_is_not_found(sleeper: Process) -> None:
    earlier = replace(sleeper.identity, start_ticks=sleeper.identity.start_ticks - 1)
    assert Process.find(earlier) is None
    assert sleeper.is_running


def test_a_pid_of_an_earlier_boot_is_not_found(sleeper: Process) -> None:
    assert Process.find(replace(sleeper.identity, boot_id="another")) is None


def test_a_process_that_ended_and_was_not_waited_for_is_not_found() -> None:
    with subprocess.Popen([shutil.which("true") or "true"]) as child:
        identity = identify(child.pid)
        assert identity is not None
        deadline = time.monotonic() + 10
        while (found := Process.find(identity)) is not None and time.monotonic() < deadline:
            found.close()
        assert found is None


def test_a_program_that_ignores_sigterm_is_killed_after_the_timeout(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(600)"
    )
    process = spawn_tethered([sys.executable, "-c", script], log)
    deadline = time.monotonic() + 10
    while "ready" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.stop(timeout=0.2)
    assert process.exit_code == -signal.SIGKILL


def test_stopping_a_paused_program_takes_no_timeout(sleeper: Process) -> None:
    sleeper.signal(signal.SIGSTOP)
    sleeper.stop(timeout=10)
    assert sleeper.exit_code == -signal.SIGTERM


def test_signals_to_a_process_that_ended_reach_nobody(sleeper: Process) -> None:
    sleeper.kill()
    sleeper.signal(signal.SIGTERM)
    sleeper.kill()
    assert sleeper.exit_code == -signal.SIGKILL


def test_what_a_program_says_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr)"]
    process = spawn_tethered(program, log)
    assert process.wait(20)
    assert sorted(log.read_text().split()) == ["err", "out"]


@pytest.mark.parametrize("spawn", [spawn_tethered, spawn_detached])
def test_a_program_that_is_not_there_is_said_at_once(
    spawn: Callable[[list[str], Path], Process], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match="no such program: /no/such"):
        spawn(["/no/such"], tmp_path / "log")
