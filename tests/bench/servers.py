"""The servers that are compared, each a process of its own, started and ended alike."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.bench import machine
from tests.bench.errors import BenchError, ServerFailed
from tests.bench.rivals import centrifugo
from tests.bench.topics import NAMES, PARTITIONS
from unionflow_cli.kafka import Process, spawn_tethered
from unionflow_cli.kafka.adapters import ports

_START_DEADLINE = 30.0  # seconds
_STOP_DEADLINE = 10.0
_POLL = 0.02


NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class Kind(StrEnum):
    """Which program; the value is its name in the table."""

    RELAY = "relay"
    EACH = "bare-each"
    JOINED = "bare-joined"
    CENTRIFUGO = "centrifugo"


OWN = (Kind.RELAY, Kind.EACH, Kind.JOINED)  # what needs nothing but Python


_MODULES = {
    Kind.RELAY: "unionflow_relay",
    Kind.EACH: "tests.bench.bare_each",
    Kind.JOINED: "tests.bench.bare_joined",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens and is current."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """CPU time it has used."""
        return machine.cpu_seconds(self.pid)

    def pss_bytes(self) -> int:
        """Memory it has."""
        return machine.pss_bytes(self.pid)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop it (SIGSTOP) while records are written that it then finds as a backlog."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            while machine.state(self.pid) != "T":
                time.sleep(0.001)
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@contextlib.contextmanager
def server(
    kind: Kind,
    bootstrap_servers: str,
    prefix: str,
    log: Path,
    core: int,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[Server]:
    """Start one on a core of its own, reading the topics under `prefix`; ended with the context.

    Raises:
        ServerFailed: it ended, or was not ready within 30 s.
    """
    log.unlink(missing_ok=True)
    started = _rival if kind is Kind.CENTRIFUGO else _own
    command, environ, ready = started(kind, bootstrap_servers, prefix, log, settings)
    process = spawn_tethered(command, log, environ=environ, cwd=Path(__file__).parents[2])
    os.sched_setaffinity(process.pid, {core})  # before it has threads: they inherit this
    try:
        yield ready(process)
    except BenchError as problem:
        tail = log.read_text(errors="replace").splitlines()[-20:]
        problem.add_note("\n".join([f"the end of the log of {kind}:", *tail]))
        raise
    finally:
        process.stop(_STOP_DEADLINE)


_Start = tuple[Sequence[str], Mapping[str, str], Callable[[Process], Server]]


def _own(
    kind: Kind, bootstrap_servers: str, prefix: str, log: Path, settings: Mapping[str, str]
) -> _Start:
    """Command, environment, and what waits until it is ready."""
    command = [sys.executable, "-m", _MODULES[kind], *_arguments(kind, prefix)]
    environ = {**_environment(bootstrap_servers, prefix), **settings}
    return command, environ, lambda process: _ready(kind, process, log)


def _rival(
    _: Kind, bootstrap_servers: str, prefix: str, log: Path, __: Mapping[str, str]
) -> _Start:
    port = ports.free_ports(1)[0]
    command = centrifugo.command(bootstrap_servers, prefix, port, log.parent)

    def ready(process: Process) -> Server:
        centrifugo.wait_until_it_consumes(
            bootstrap_servers, log.parent, lambda: process.is_running, _START_DEADLINE
        )
        return Server(process.pid, port)

    return command, centrifugo.environment(), ready


def _arguments(kind: Kind, prefix: str) -> list[str]:
    if kind is Kind.RELAY:
        return []
    return [str(PARTITIONS), *(prefix + name for name in NAMES)]


def _environment(bootstrap_servers: str, prefix: str) -> dict[str, str]:
    """This process's environment without a person's own settings of the relay."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNIONFLOW_")}
    return kept | {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "UNIONFLOW_TOPIC_PREFIX": prefix,
        "UNIONFLOW_AUTH": "none",
        "UNIONFLOW_HOST": "127.0.0.1",
        "UNIONFLOW_PORT": "0",
        "UNIONFLOW_MANAGEMENT_PORT": "0",
        "UNIONFLOW_LOG_FORMAT": "json",
        "UNIONFLOW_DRAIN_SECONDS": "0",
        "UNIONFLOW_MAX_HANDSHAKES_PER_SECOND": "0",
    }


def _ready(kind: Kind, process: Process, log: Path) -> Server:
    deadline = time.monotonic() + _START_DEADLINE
    while time.monotonic() < deadline and process.is_running:
        listening = _listening(log)
        if listening is not None and _is_current(listening.get("management_port")):
            return Server(process.pid, listening["port"])
        time.sleep(_POLL)
    found = "does not get ready" if process.is_running else f"ended ({process.exit_code})"
    raise ServerFailed(f"{kind} {found}")


def _listening(log: Path) -> dict[str, Any] | None:
    """The line that says where it listens, as soon as it is whole."""
    for line in log.read_text(errors="replace").splitlines(keepends=True):
        if '"port"' in line and line.startswith("{") and line.endswith("\n"):
            said: dict[str, Any] = json.loads(line)
            return said
    return None


def _is_current(management_port: int | None) -> bool:
    """Whether the relay says that it is ready; a bare program is, once it listens."""
    if management_port is None:
        return True
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{management_port}/readyz", timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False
