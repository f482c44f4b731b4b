"""Brings Kafka's jars into the cache, once: afterwards no network is needed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from unionflow_cli.kafka.adapters.cache import cache_dir, locked, usable
from unionflow_cli.kafka.adapters.spawn import spawn_tethered
from unionflow_cli.kafka.adapters.tools import require_maven
from unionflow_cli.kafka.core.logs import last_lines
from unionflow_cli.kafka.core.maven import KAFKA_VERSION, MAIN_JAR, copy_command, pom
from unionflow_cli.kafka.errors import JarsUnavailable

FETCH_SECONDS = 900.0  # 10 s on a good line; this is for a bad one
HALF_FETCHED = ".fetch-"

Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """Progress that nobody wants to see."""


def jars_dir() -> Path:
    """Where the jars lie once they are fetched. It is there as a whole or not at all."""
    return cache_dir() / "kafka" / KAFKA_VERSION


def jars_are_here() -> bool:
    """Whether they are fetched."""
    return (jars_dir() / MAIN_JAR).is_file()


def ensure_jars(progress: Progress = silent) -> Path:
    """The folder of Kafka's jars, fetched with Maven when it is not there yet (about 44 MB, 10 s).

    Two at once: one fetches, the other waits for it. Raises ToolMissing, FolderUnusable, and
    JarsUnavailable where Maven fails or takes longer than 15 minutes.
    """
    if jars_are_here():
        return jars_dir()
    home = jars_dir().parent
    with usable(home):
        try:
            with locked(home / "fetch.lock", FETCH_SECONDS):
                if not jars_are_here():
                    _fetch(home, progress)
        except TimeoutError as error:
            raise JarsUnavailable(
                "another process has been fetching Kafka for 15 minutes", str(error)
            ) from error
    return jars_dir()


def _fetch(home: Path, progress: Progress) -> None:
    maven = require_maven()
    progress(f"fetching Apache Kafka {KAFKA_VERSION} with Maven, once (about 44 MB)")
    for leftover in home.glob(f"{HALF_FETCHED}*"):  # of a fetch that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=HALF_FETCHED, dir=home) as work:
        _run_maven(maven, Path(work))
        shutil.rmtree(jars_dir(), ignore_errors=True)  # one that lost its main jar
        (Path(work) / "jars").rename(jars_dir())


def _run_maven(maven: Path, work: Path) -> None:
    pom_file = work / "pom.xml"
    pom_file.write_text(pom())
    log = work / "maven.log"
    process = spawn_tethered(copy_command(maven, pom_file, work / "jars"), log, cwd=work)
    try:
        in_time = process.wait(FETCH_SECONDS)
    finally:
        process.kill()
    if in_time and process.exit_code == 0 and (work / "jars" / MAIN_JAR).is_file():
        return
    raise JarsUnavailable(
        "Maven could not bring Kafka's jars" if in_time else "Maven did not end in 15 minutes",
        "it needs the network this once; mend that, then try again",
        last_lines(log.read_text(errors="replace")),
    )
