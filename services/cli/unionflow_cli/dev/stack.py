"""What `unionflow dev` starts, and stops in the other order: Kafka, topics, relay, backend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.adapters.background import in_background
from unionflow_cli.adapters.relay_process import RelayProcess
from unionflow_cli.dev.books import open_books
from unionflow_cli.dev.steps import Steps
from unionflow_cli.errors import Crashed, InUse
from unionflow_cli.kafka import Broker, Process, apply_topics, cache_dir
from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.adapters.broker import new_node
from unionflow_cli.kafka.adapters.folder import read_entry
from unionflow_cli.kafka.adapters.service import find_service
from unionflow_cli.kafka.core.logs import last_lines
from unionflow_events import CATALOGUE

WATCH_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Ports:
    """Of the loopback address; 0 takes a free one."""

    relay: int
    management: int
    kafka: int
    backend: int
    backend_management: int


def folder() -> Path:
    """Everything that `unionflow dev` keeps."""
    return cache_dir() / "dev"


def books() -> Path:
    """The backend's database."""
    return folder() / "backend.db"


class Stack:
    """A broker, a relay and a backend that live as long as the `async with` block, and no longer.

    stats_unchanged_seconds: None for the backend's own default.

    Entering raises InUse, Crashed, Unavailable, and what the local Kafka raises.
    """

    def __init__(
        self,
        wanted: Ports,
        steps: Steps,
        *,
        heartbeat_seconds: int | None = None,
        stats_unchanged_seconds: int | None = None,
    ) -> None:
        self._ports = wanted
        self._steps = steps
        self.broker: Broker | None = None
        # Found now where it may be any: the backend tells pages of it, and starts beside it.
        relay = wanted.relay or ports.free_ports(1)[0]
        self.relay = RelayProcess(
            folder() / "relay.log",
            relay,
            wanted.management,
            heartbeat_seconds=heartbeat_seconds,
        )
        settings = {"UNIONFLOW_PUBLIC_WEBSOCKET_URL": self.relay.url}
        if stats_unchanged_seconds is not None:
            settings["UNIONFLOW_STATS_UNCHANGED_SECONDS"] = str(stats_unchanged_seconds)
        self.backend = BackendProcess(
            folder() / "backend.log",
            wanted.backend,
            wanted.backend_management,
            f"sqlite:///{books()}",
            settings=settings,
        )

    @property
    def bootstrap_servers(self) -> str:
        """Of the broker."""
        return self.broker.bootstrap_servers if self.broker else ""

    async def __aenter__(self) -> Self:
        """Start everything; what was started is stopped again where a later step fails."""
        refuse_second_dev()
        refuse_taken_ports(self._ports)
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop everything."""
        await self._stop()

    async def watch(self) -> None:
        """Return never; raise Crashed when a process that was started has ended."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for service in (self.relay, self.backend):
                if not service.is_running:
                    raise service.crash()
            if self.broker is not None and not self.broker.is_running:
                raise _broker_crash(self.broker)

    async def _start(self) -> None:
        with self._steps.step("Kafka", "starting") as step:
            node = new_node(folder() / "kafka", self._ports.kafka)
            broker = self.broker = Broker(node)
            await in_background(lambda: broker.launch(step.say))
            await in_background(broker.wait_until_ready)
            step.result = f"{broker.bootstrap_servers}, process {broker.pid}"
        with self._steps.step("books", "opening") as step:
            added = await open_books(books())
            step.result = f"three societies, {added} of them new"
        with self._steps.step("topics", "looking") as step:
            names = [topic.name for topic in CATALOGUE]
            changes = await in_background(lambda: apply_topics(broker.bootstrap_servers, names))
            step.result = f"all {len(names)}, {len(changes)} of them new"
        # Both at once: each takes a second or two of its own.
        starting = asyncio.ensure_future(self.backend.start(broker.bootstrap_servers))
        try:
            with self._steps.step("relay", "starting") as step:
                await self.relay.start(broker.bootstrap_servers)
                step.result = f"{self.relay.url}, process {self.relay.pid}"
            with self._steps.step("backend", "starting") as step:
                await starting
                step.result = f"{self.backend.url}/docs, process {self.backend.pid}"
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)

    async def _stop(self) -> None:
        await asyncio.gather(self.backend.stop(), self.relay.stop())
        broker = self.broker
        if broker is not None:
            await in_background(broker.stop)


def refuse_second_dev() -> None:
    """Two brokers cannot share a folder: say which one has it, and how to use that one.

    Raises:
        InUse: a broker of an earlier start runs on the folder.
    """
    entry = read_entry(folder() / "kafka")
    process = Process.find(entry[0]) if entry else None
    if entry is None or process is None:
        return
    pid, port = process.pid, entry[1]
    process.close()
    raise InUse(
        f"`unionflow dev` already runs here: its Kafka is process {pid}, on port {port}",
        "watch it with `unionflow watch`, or stop it with Ctrl-C in its terminal",
    )


def refuse_taken_ports(wanted: Ports) -> None:
    """Say who holds a port, before anything is started.

    Raises:
        InUse: with the option that takes another.
    """
    options = (
        (wanted.relay, "--port"),
        (wanted.management, "--management-port"),
        (wanted.kafka, "--kafka-port"),
        (wanted.backend, "--backend-port"),
        (wanted.backend_management, "--backend-management-port"),
    )
    for port, option in options:
        if port and not ports.is_free(port):
            raise InUse(
                f"port {port} is in use by {ports.holder(port)}",
                f"{_how_to_stop(port)}, or take another: {option} PORT ({option} 0: a free one)",
            )


def _how_to_stop(port: int) -> str:
    service = find_service()
    own = service is not None and service.port == port
    return "stop it with `unionflow kafka stop`" if own else "stop that"


def _broker_crash(broker: Broker) -> Crashed:
    lines = last_lines(broker.log.read_text(errors="replace"), 6)
    message = f"the Kafka broker, process {broker.pid}, ended by itself"
    return Crashed(message, f"its whole log: {broker.log}", lines)
