"""A real Apache Kafka broker on this machine's loopback address."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.adapters.cache import usable
from unionflow_cli.kafka.adapters.folder import Folder, new_cluster_id
from unionflow_cli.kafka.adapters.installation import ensure_kafka
from unionflow_cli.kafka.adapters.jars import Progress, silent
from unionflow_cli.kafka.adapters.process import Process
from unionflow_cli.kafka.adapters.spawn import spawn_detached, spawn_tethered
from unionflow_cli.kafka.core.logs import last_lines
from unionflow_cli.kafka.core.properties import LOOPBACK, READY_LINE, Node
from unionflow_cli.kafka.errors import BrokerFailed, PortInUse

START_SECONDS = 60.0  # it takes 3 s on an idle machine
STOP_SECONDS = 15.0  # it takes about a second
POLL_SECONDS = 0.02

NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


class Broker:
    """One broker in a folder of its own. It dies with the process that started it.

    `Broker.start(folder)` makes one and waits until clients can use it; used as a context manager
    it is stopped at the end. Its data stay in the folder, and a later start goes on with them.
    """

    def __init__(
        self,
        node: Node,
        quorum: Sequence[Node] = (),
        *,
        cluster_id: str = "",
        properties: Mapping[str, str] = NO_PROPERTIES,
    ) -> None:
        """A broker that is not started yet: `launch()`, then `wait_until_ready()`.

        quorum: all nodes of its cluster, itself included; empty where it is alone.
        cluster_id: the same for all of them; a new one where it is empty. What was formatted
            before keeps its own.
        """
        self._node = node
        self._quorum = tuple(quorum) or (node,)
        self._cluster_id = cluster_id or new_cluster_id()
        self._properties = dict(properties)
        self._folder = Folder(node)
        self._process: Process | None = None
        self._log_start = 0
        self._had_data = False

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        port: int = 0,
        properties: Mapping[str, str] = NO_PROPERTIES,
        progress: Progress = silent,
        timeout: float = START_SECONDS,
    ) -> Self:
        """Start a broker and wait until clients can use it, at most `timeout` seconds.

        folder: made where it is missing; a broker that ran there goes on with its data.
        port: of 127.0.0.1, for clients; 0 takes a free one.
        properties: Kafka settings that win over ours. The clients' listener is called `CLIENT`, as
            in `listener.security.protocol.map=CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,…`.
        Raises ToolMissing, JarsUnavailable, FolderInUse, FolderUnusable, PortInUse and
        BrokerFailed.
        """
        broker = cls(new_node(folder, port), properties=properties)
        try:
            broker.launch(progress)
            broker.wait_until_ready(timeout)
        except BaseException:
            broker.kill()
            raise
        return broker

    @property
    def bootstrap_servers(self) -> str:
        """What clients take as `bootstrap.servers`."""
        return f"{LOOPBACK}:{self._node.client_port}"

    @property
    def internal_servers(self) -> str:
        """The same without TLS and SASL, whatever `properties` say: to administer the broker."""
        return f"{LOOPBACK}:{self._node.internal_port}"

    @property
    def port(self) -> int:
        """The clients' port."""
        return self._node.client_port

    @property
    def folder(self) -> Path:
        """Where its settings, its log and its data are."""
        return self._node.folder

    @property
    def log(self) -> Path:
        """The broker's own log."""
        return self._folder.log

    @property
    def pid(self) -> int:
        """Its process id, the last one where it has ended. Raises BrokerFailed before a launch."""
        if self._process is None:
            raise BrokerFailed(f"the broker in {self.folder} was never started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process runs, be it paused."""
        return self._process is not None and self._process.is_running

    def launch(self, progress: Progress = silent, *, detached: bool = False) -> None:
        """Start its process, without waiting until it is ready; does nothing while it runs.

        detached: it outlives this process, as a service.
        Raises ToolMissing, JarsUnavailable, FolderInUse, FolderUnusable, PortInUse and
        BrokerFailed.
        """
        if self.is_running:
            return
        installation = ensure_kafka(progress)
        with usable(self.folder):
            lock = self._folder.lock()
            try:
                if not ports.is_free(self.port):
                    raise PortInUse(self.port, ports.holder(self.port))
                self._had_data = self._node.data.exists()
                self._folder.format(installation, self._cluster_id, self._quorum)
                self._folder.write_settings(self._quorum, self._properties)
                self._log_start = self.log.stat().st_size if self.log.exists() else 0
                command = self._folder.command(installation)
                spawn = spawn_detached if detached else spawn_tethered
                # In its folder, so that what a JVM writes when it crashes is found there.
                self._process = spawn(command, self.log, cwd=self.folder, keep_open=[lock])
                self._folder.remember(self._process)
            finally:
                os.close(lock)  # from here on the broker holds it

    def wait_until_ready(self, timeout: float = START_SECONDS) -> None:
        """Wait until clients can use it, at most `timeout` seconds.

        Raises BrokerFailed with the last lines of its log where it ends or is late; then it is
        stopped.
        """
        deadline = time.monotonic() + timeout
        while READY_LINE not in self._said():
            if not self.is_running:
                raise self._failure("ended at its start")
            if time.monotonic() >= deadline:
                self.kill()
                raise self._failure(f"was not ready in {timeout:.0f} s")
            time.sleep(POLL_SECONDS)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End it in an orderly way: SIGTERM, and SIGKILL after `timeout` seconds."""
        if self._process:
            self._process.stop(timeout)

    def kill(self) -> None:
        """End it at once with SIGKILL, as a machine that fails would."""
        if self._process:
            self._process.kill()

    def pause(self) -> None:
        """Let it answer nothing (SIGSTOP) while its connections stay open."""
        if self._process:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on (SIGCONT)."""
        if self._process:
            self._process.signal(signal.SIGCONT)

    def restart(self, timeout: float = START_SECONDS) -> None:
        """Stop it where it runs, start it on the same folder and ports, wait until it is ready."""
        self.stop()
        self.launch()
        self.wait_until_ready(timeout)

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _failure(self, what: str) -> BrokerFailed:
        advice = f"its log: {self.log}"
        if self._had_data:
            advice += f"\n       to begin anew, without its data: rm -r {self._node.data}"
        message = f"the Kafka broker in {self.folder} {what}"
        return BrokerFailed(message, advice, last_lines(self._said()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def new_node(folder: Path, port: int = 0, number: int = 1) -> Node:
    """A node whose ports are free ones, but for the clients' where that is given."""
    client, internal, controller = ports.free_ports(3)
    return Node(number, folder.absolute(), port or client, internal, controller)
