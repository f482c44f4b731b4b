"""A broker's folder: what it is told, its log, its data, and which process holds it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from unionflow_cli.kafka.adapters.cache import try_lock
from unionflow_cli.kafka.adapters.process import Process
from unionflow_cli.kafka.adapters.spawn import spawn_tethered
from unionflow_cli.kafka.core.identity import Identity
from unionflow_cli.kafka.core.jvm import BROKER, STORAGE_TOOL, Installation
from unionflow_cli.kafka.core.logs import last_lines
from unionflow_cli.kafka.core.properties import LOG_SETTINGS, Node, render, server_properties
from unionflow_cli.kafka.errors import BrokerFailed, FolderInUse

FORMAT_SECONDS = 60.0  # it takes 1.3 s
LOG_BYTES = 5_000_000  # a log longer than this is set aside at the next start


class Folder:
    """The files of one node. `kafka.log` is the broker's log, for people to read."""

    def __init__(self, node: Node) -> None:
        self.path = node.folder
        self.log = node.folder / "kafka.log"
        self._node = node

    def lock(self) -> int:
        """Claim the folder; the descriptor that comes back is for the broker to inherit.

        So it is held for as long as the broker lives, whoever else dies. Raises FolderInUse.
        """
        descriptor = try_lock(self.path / "in-use.lock")
        if descriptor is None:
            running = self.running()
            raise FolderInUse(self.path, running.pid if running else None)
        return descriptor

    def write_settings(self, quorum: Sequence[Node], overrides: Mapping[str, str]) -> None:
        """Write what the broker reads at its start; the owner alone may read it."""
        properties = server_properties(self._node, quorum, overrides)
        _write(self.path / "server.properties", render(properties))
        _write(self.path / "log4j2.properties", LOG_SETTINGS)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def command(self, installation: Installation, *, archive_to: Path | None = None) -> list[str]:
        """The broker's, once its settings are written; about 300 MB resident."""
        return installation.command(
            BROKER,
            str(self.path / "server.properties"),
            log_settings=self.path / "log4j2.properties",
            archive_to=archive_to,
        )

    def format(self, installation: Installation, cluster_id: str, quorum: Sequence[Node]) -> None:
        """Make the folder's data where there are none yet, as a whole or not at all.

        Data that are there are never touched, however broken: they may be dear to somebody.
        """
        if self._node.data.exists():
            return
        half = self.path / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        settings = self.path / "format.properties"
        properties = server_properties(self._node, quorum, {"log.dirs": str(half)})
        _write(settings, render(properties))
        log = self.path / "format.log"
        # With "=", since an id may begin with "-".
        arguments = ("format", f"--cluster-id={cluster_id}", f"--config={settings}")
        command = installation.command(STORAGE_TOOL, *arguments, heap_megabytes=128)
        process = spawn_tethered(command, log)
        try:
            in_time = process.wait(FORMAT_SECONDS)
        finally:
            process.kill()
        if not in_time or process.exit_code != 0:
            raise BrokerFailed(
                f"Kafka could not format {self._node.data}",
                details=last_lines(log.read_text(errors="replace")),
            )
        half.rename(self._node.data)

    def remember(self, process: Process) -> None:
        """Note who runs on this folder."""
        entry = asdict(process.identity) | {"port": self._node.client_port}
        _write(self.path / "broker.json", json.dumps(entry))

    def running(self) -> Process | None:
        """The process that was noted, if it still runs; never another one with the same pid."""
        entry = read_entry(self.path)
        return Process.find(entry[0]) if entry else None


def read_entry(folder: Path) -> tuple[Identity, int] | None:
    """Whose broker was noted last in a folder, and its clients' port; None where none was."""
    try:
        entry = json.loads((folder / "broker.json").read_text())
        return Identity(entry["pid"], entry["start_ticks"], entry["boot_id"]), entry["port"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None  # unreadable is as good as none: the lock says whether the folder is held


def new_cluster_id() -> str:
    """A cluster id as Kafka writes them: a random UUID in base64url."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _write(path: Path, text: str) -> None:
    """Write a whole file or none, readable for its owner alone: settings can hold passwords."""
    half = path.with_name(f"{path.name}.{os.getpid()}.new")
    half.touch(mode=0o600)
    half.write_text(text)
    half.replace(path)
