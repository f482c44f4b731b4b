"""Java, Kafka's jars, and an archive of their classes: all that a broker is run with."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from unionflow_cli.kafka.adapters.cache import locked
from unionflow_cli.kafka.adapters.folder import Folder, new_cluster_id
from unionflow_cli.kafka.adapters.jars import Progress, ensure_jars, silent
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_cli.kafka.adapters.spawn import spawn_tethered
from unionflow_cli.kafka.adapters.tools import require_java
from unionflow_cli.kafka.core.jvm import Installation
from unionflow_cli.kafka.core.properties import READY_LINE, Node
from unionflow_cli.kafka.errors import BrokerFailed

ARCHIVE_SECONDS = 120.0  # it takes 5 s on an idle machine
POLL_SECONDS = 0.05


def ensure_kafka(progress: Progress = silent) -> Installation:
    """Everything that a broker is run with; what is not there yet is fetched and made, once.

    Two at once: one makes it, the other waits. Raises ToolMissing, JarsUnavailable and
    FolderUnusable.
    """
    jars = ensure_jars(progress).resolve()  # first: of a bare machine it names all that is missing
    installation = Installation(require_java(), jars)
    archive = _archive_file(installation)
    try:
        if not archive.exists():
            _ensure_archive(installation, archive, progress)
        # An empty one stands for one that could not be made: that is not tried at every start.
        return replace(installation, archive=archive if archive.stat().st_size else None)
    except OSError:  # a cache that others fill and we may only read: then without
        return installation


def _ensure_archive(installation: Installation, archive: Path, progress: Progress) -> None:
    archive.parent.mkdir(exist_ok=True)
    with locked(archive.parent / "archive.lock", 2 * ARCHIVE_SECONDS):
        if not archive.exists():
            progress("preparing Kafka for quick starts, once")
            _make_archive(installation, archive)


def _archive_file(installation: Installation) -> Path:
    """One for each Java, beside the jars: an updated Java is another file, or has another time."""
    real = installation.java.resolve()
    key = hashlib.sha256(f"{real} {real.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    return installation.jars.parent / "archives" / f"{key}.jsa"


def _make_archive(installation: Installation, archive: Path) -> None:
    """Run a broker once, start to end, and keep the classes that it used."""
    with tempfile.TemporaryDirectory(prefix=".archive-", dir=archive.parent) as work:
        made = Path(work) / "classes.jsa"
        try:
            _run_once(installation, Path(work) / "kafka", made)
        except BrokerFailed:
            made.unlink(missing_ok=True)
        made.touch()
        made.rename(archive)
    for leftover in archive.parent.glob(".archive-*"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)


def _run_once(installation: Installation, work: Path, archive: Path) -> None:
    work.mkdir()
    node = Node(1, work, *free_ports(3))
    folder = Folder(node)
    folder.format(installation, new_cluster_id(), [node])
    folder.write_settings([node], {})
    process = spawn_tethered(folder.command(installation, archive_to=archive), folder.log, cwd=work)
    deadline = time.monotonic() + ARCHIVE_SECONDS
    try:
        while process.is_running and READY_LINE not in folder.log.read_text(errors="replace"):
            if time.monotonic() > deadline:
                raise BrokerFailed(f"no archive of classes in {ARCHIVE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
    finally:
        process.stop(ARCHIVE_SECONDS)
