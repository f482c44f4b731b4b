"""A relay as people run one: a process of its own, found by its log line and seen by its ports."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import psutil
from prometheus_client.parser import text_string_to_metric_families

from unionflow_cli.kafka import Process, spawn_tethered

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
_OWN_SETTINGS = ("UNIONFLOW_", "KAFKA_")
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def relay_environment(bootstrap_servers: str, settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the settings of one relay and of no other."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)}
    return environ | {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "UNIONFLOW_AUTH": "none",
        "UNIONFLOW_HOST": LOOPBACK,
        "UNIONFLOW_PORT": "0",
        "UNIONFLOW_MANAGEMENT_PORT": "0",
        "UNIONFLOW_DRAIN_SECONDS": "0",
        **settings,
    }


class RunningRelay:
    """One relay. Used as a context manager it is stopped at the end; it dies with the tests."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.port = 0
        self.management_port = 0

    @classmethod
    def start(
        cls, folder: Path, bootstrap_servers: str, settings: Mapping[str, str] = NO_SETTINGS
    ) -> Self:
        """Start a relay on free ports; returns when it listens, ready or not.

        folder: for its log. settings: variables that win over ours.
        """
        log = folder / f"relay-{time.monotonic_ns()}.log"
        environ = relay_environment(bootstrap_servers, settings)
        process = spawn_tethered([sys.executable, "-m", "unionflow_relay"], log, environ=environ)
        relay = cls(process, log)
        try:
            line = relay.wait_for_line("relay listening")
        except BaseException:
            relay.kill()
            raise
        relay.port = int(line["port"])
        relay.management_port = int(line["management_port"])
        return relay

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # Its process

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self.process.is_running

    def stop(self) -> int | None:
        """End it with SIGTERM, and SIGKILL after STOP_SECONDS; how it ended."""
        self.process.stop(STOP_SECONDS)
        return self.process.exit_code

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)

    def resident_bytes(self) -> int:
        """Memory that it holds now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def connections(self) -> int:
        """TCP connections on the clients' port, as the kernel has them, idle ones included."""
        found = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(c.laddr.port == self.port and bool(c.raddr) for c in found)

    # Its log

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with this event, oldest first."""
        found = []
        for text in self.log.read_text(errors="replace").splitlines():
            if text.startswith("{") and f'"{event}"' in text:
                line = json.loads(text)
                if line.get("event") == event:
                    found.append(line)
        return found

    def wait_for_line(self, event: str, timeout: float = START_SECONDS) -> dict[str, Any]:
        """The first such line, waited for."""
        deadline = time.monotonic() + timeout
        while not (found := self.lines(event)):
            assert self.is_running, f"the relay has ended:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"no {event!r} in:\n{self.log.read_text()}"
            time.sleep(POLL_SECONDS)
        return found[0]

    # Its management side

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page of the management side."""
        connection = http.client.HTTPConnection(LOOPBACK, self.management_port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def reasons(self) -> list[str]:
        """Why it is not ready; empty when it is. One that hangs up is not, as for a kubelet."""
        try:
            status, body = self.get("/readyz")
        except ConnectionError as error:
            return [f"no answer: {error}"]
        said = json.loads(body)
        assert said["ready"] == (status == 200)
        assert bool(said["reasons"]) == (status == 503)
        return list(said["reasons"])

    def wait_until_ready(self) -> Self:
        """Return when `/readyz` says so."""
        deadline = time.monotonic() + START_SECONDS
        while reasons := self.reasons():
            assert time.monotonic() < deadline, f"not ready: {reasons}"
            time.sleep(POLL_SECONDS)
        return self

    async def until_ready(self) -> None:
        """As `wait_until_ready`, while clients of the same loop go on."""
        await eventually(lambda: not self.reasons(), lambda: f"not ready: {self.reasons()}")

    async def until_not_ready_for(self, *words: str) -> None:
        """Return when a reason has all of these words."""
        await eventually(
            lambda: any(all(word in reason for word in words) for reason in self.reasons()),
            lambda: f"{words} are not in {self.reasons()}",
        )

    def metric(self, name: str, **labels: str) -> float:
        """A sample of `/metrics`, 0 where there is none; the sum where labels leave several."""
        _, text = self.get("/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == f"unionflow_relay_{name}" and labels.items() <= sample.labels.items()
        )

    # Its clients' side

    def url(self, **query: object) -> str:
        """Of the WebSocket; a list in the query is said several times."""
        return f"ws://{LOOPBACK}:{self.port}/ws/dashboard?{urlencode(query, doseq=True)}"


async def eventually(
    holds: Callable[[], object],
    otherwise: Callable[[], object] = lambda: "",
) -> None:
    """Return when a condition holds. It is asked again and again, for want of an event."""
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"it never held: {otherwise()}"
        await asyncio.sleep(POLL_SECONDS)
