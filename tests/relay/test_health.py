"""Health: what is behind, what has stopped turning, and what dies again and again."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.relay.live import eventually
from unionflow_relay.adapters.machine import container_memory, most_open_files, physical_memory
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.lag import MAX_LAG_SECONDS, Lag, Progress
from unionflow_relay.core.lanes import Lane
from unionflow_runtime.adapters import sockets
from unionflow_runtime.adapters.management import management_app
from unionflow_runtime.adapters.supervision import DEATHS, DEATHS_SECONDS, Supervised
from unionflow_runtime.adapters.watchdog import EXIT_STALLED
from unionflow_runtime.core.pulse import Pulse
from unionflow_runtime.core.readiness import Readiness

ONE, TWO = Lane("t", "AAAAAAAA", 0), Lane("t", "AAAAAAAA", 1)

# Lag


def test_a_partition_that_keeps_up_is_not_behind_however_many_records_there_are() -> None:
    lag = Lag()
    for second in range(100):
        end = second * 10_000
        assert lag.behind([Progress(ONE, max(0, end - 30_000), end)], float(second)) == []


def test_a_partition_that_stands_is_behind_after_the_stated_time_until_it_has_caught_up() -> None:
    lag = Lag()
    seen = []
    for second in range(30):
        next_offset = 0 if second < 20 else 50
        seen.append(lag.behind([Progress(ONE, next_offset, 50), Progress(TWO, 7, 7)], second))
    late = [second for second, lanes in enumerate(seen) if lanes]
    assert late == list(range(int(MAX_LAG_SECONDS) + 1, 20))
    assert seen[15] == [ONE]


def test_a_partition_that_falls_ever_further_behind_is_behind() -> None:
    lag = Lag()
    seen = [lag.behind([Progress(ONE, s * 10, s * 100)], float(s)) for s in range(1, 60)]
    assert seen[-1] == [ONE]


def test_a_partition_that_is_gone_is_forgotten() -> None:
    lag = Lag()
    lag.behind([Progress(ONE, 0, 50)], 0.0)
    assert lag.behind([], 100.0) == []
    assert lag.behind([Progress(ONE, 0, 50)], 101.0) == []


# Pulse


def test_what_beats_is_alive_and_what_does_not_is_dead_after_so_many_turns() -> None:
    pulse = Pulse(patience=3)
    pulse.beat()
    assert [pulse.on_turn() for _ in range(4)] == [True, True, True, False]
    pulse.beat()
    assert pulse.on_turn()


# Supervision


async def fails(times: list[float]) -> None:
    times.append(asyncio.get_running_loop().time())
    raise ExceptionGroup("as a task group says it", [ValueError("a bug")])


async def test_what_dies_once_is_started_again_and_nobody_is_to_end_the_process() -> None:
    liveness, readiness = Readiness(), Readiness()
    starts = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ValueError("a bug")
        again.set()
        await asyncio.Event().wait()

    supervised = Supervised("it", work, liveness, readiness, random.Random(1))
    running = asyncio.create_task(supervised.run())
    async with asyncio.timeout(10):
        await again.wait()
    assert (liveness.ready, readiness.ready) == (True, True)
    running.cancel()


async def test_what_dies_again_and_again_is_said_until_long_enough_passed_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unionflow_runtime.core.backoff.FIRST_SECONDS", 0.01)
    liveness, readiness = Readiness(), Readiness()
    times: list[float] = []
    supervised = Supervised("it", lambda: fails(times), liveness, readiness, random.Random(1))
    running = asyncio.create_task(supervised.run())
    await eventually(lambda: not liveness.ready)
    running.cancel()
    assert len(times) >= DEATHS
    assert ["it died" in reason for reason in liveness.reasons] == [True]
    assert ["it died" in reason for reason in readiness.reasons] == [True]
    supervised.judge(times[-1] + DEATHS_SECONDS + 1)
    assert list(liveness.reasons) == []


async def test_livez_says_503_and_why_and_readyz_is_another_matter() -> None:
    liveness, readiness = Readiness(), Readiness()
    app = management_app("relay", readiness, liveness, RelayMetrics().exposition)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://relay") as client:
        answer = await client.get("/livez")
        assert (answer.status_code, answer.json()) == (200, {"live": True, "reasons": []})
        liveness.blame("source", "it died")
        answer = await client.get("/livez")
        assert (answer.status_code, answer.json()) == (
            503,
            {"live": False, "reasons": ["it died"]},
        )
        assert (await client.get("/readyz")).status_code == 200


# The watchdog, in a process of its own

STALLS = """
import asyncio, sys, time, uvloop
from unionflow_runtime.adapters.watchdog import Watchdog

async def main():
    watchdog = Watchdog(stall_seconds=2)
    with watchdog:
        print("running", flush=True)
        for _ in range(int(sys.argv[1])):
            watchdog.pulse.beat()
            await asyncio.sleep(0.2)
        if sys.argv[2] == "stall":
            while True:
                pass
    print("ended", flush=True)

uvloop.run(main())
"""


def start(seconds: int, then: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", STALLS, str(seconds * 5), then],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def test_a_loop_that_stands_ends_the_process_and_says_where_it_stood() -> None:
    with start(1, "stall") as process:
        _, error = process.communicate(timeout=30)
    assert process.returncode == EXIT_STALLED
    assert '"event":"event loop stalled"' in error
    assert "in main" in error


def test_a_process_that_was_stopped_for_longer_goes_on() -> None:
    with start(2, "end") as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(5)
        process.send_signal(signal.SIGCONT)
        out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (0, "ended\n", "")


# The machine


def test_an_accepted_socket_has_keepalive_and_a_user_timeout() -> None:
    with sockets.listen("127.0.0.1", 0) as listener:
        listener.setblocking(True)
        with socket.create_connection(listener.getsockname()) as _client:
            accepted, _ = listener.accept()
            with accepted:
                tcp = socket.IPPROTO_TCP
                assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                assert accepted.getsockopt(tcp, socket.TCP_KEEPIDLE) == 60
                assert accepted.getsockopt(tcp, socket.TCP_KEEPINTVL) == 15
                assert accepted.getsockopt(tcp, socket.TCP_KEEPCNT) == 4
                assert accepted.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 60_000


def test_the_container_s_memory_is_the_least_limit_from_its_cgroup_up(tmp_path: Path) -> None:
    cgroups, own = tmp_path / "cgroup", tmp_path / "own"
    inner = cgroups / "kubepods" / "pod1"
    inner.mkdir(parents=True)
    own.write_text("1:name=systemd:/other\n0::/kubepods/pod1\n")
    assert container_memory(cgroups, own) is None
    (cgroups / "kubepods" / "memory.max").write_text("max\n")
    assert container_memory(cgroups, own) is None
    (inner / "memory.max").write_text("536870912\n")
    assert container_memory(cgroups, own) == 536_870_912
    (cgroups / "kubepods" / "memory.max").write_text("268435456\n")
    assert container_memory(cgroups, own) == 268_435_456


@pytest.mark.parametrize("own", ["0::/\n", "0::/../..\n", "", "nonsense"])
def test_in_a_container_the_root_of_what_is_mounted_counts(tmp_path: Path, own: str) -> None:
    (tmp_path / "memory.max").write_text("1048576\n")
    (tmp_path / "own").write_text(own)
    assert container_memory(tmp_path, tmp_path / "own") == 1_048_576
    assert container_memory(tmp_path, tmp_path / "away") == 1_048_576


def test_the_machine_has_memory_and_descriptors() -> None:
    assert physical_memory() > 2**28
    assert most_open_files() >= 256
