"""The background Kafka of `unionflow kafka`: one for this cache folder, until it is stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unionflow_cli.kafka.adapters.admin import answers
from unionflow_cli.kafka.adapters.broker import START_SECONDS, STOP_SECONDS, Broker, new_node
from unionflow_cli.kafka.adapters.cache import cache_dir, locked, usable
from unionflow_cli.kafka.adapters.folder import read_entry
from unionflow_cli.kafka.adapters.jars import FETCH_SECONDS, Progress, silent
from unionflow_cli.kafka.adapters.process import Process
from unionflow_cli.kafka.core.properties import LOOPBACK
from unionflow_cli.kafka.errors import BrokerFailed, FolderInUse, RunningElsewhere

DEFAULT_PORT = 9092
ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Service:
    """A background broker that runs. `answers`: whether it took a request just now."""

    pid: int
    port: int
    answers: bool

    @property
    def bootstrap_servers(self) -> str:
        """What clients take as `bootstrap.servers`."""
        return f"{LOOPBACK}:{self.port}"


def service_folder() -> Path:
    """Where its settings, its log and its data are; they stay when it is stopped."""
    return cache_dir() / "kafka" / "service"


def service_log() -> Path:
    """Its log."""
    return service_folder() / "kafka.log"


def find_service() -> Service | None:
    """The background broker, if it runs."""
    found = _running()
    if found is None:
        return None
    process, port = found
    process.close()
    return Service(process.pid, port, answers(f"{LOOPBACK}:{port}", ANSWER_SECONDS))


def start_service(port: int | None = None, progress: Progress = silent) -> tuple[Service, bool]:
    """Start the background broker, unless it runs; and whether it was started now.

    port: of 127.0.0.1; None is 9092, or whichever one it runs on already. Returns when clients can
    use it. Raises what `Broker.start` raises, and RunningElsewhere.
    """
    with _alone():
        found = _running()
        if found is not None:
            process, running = found
            with contextlib.closing(process):
                if port not in {None, running}:
                    raise RunningElsewhere(running, port or DEFAULT_PORT)
                return Service(process.pid, running, _wait_for_answer(process, running)), False
        broker = Broker(new_node(service_folder(), port or DEFAULT_PORT))
        try:
            progress("starting Kafka")
            broker.launch(progress, detached=True)
            broker.wait_until_ready()
        except BaseException:
            broker.kill()
            raise
        return Service(broker.pid, broker.port, answers=True), True


def stop_service() -> int | None:
    """Stop the background broker and nothing else; the pid that it had, None where it was not."""
    with _alone():
        found = _running()
        if found is None:
            return None
        found[0].stop(STOP_SECONDS)
        return found[0].pid


def _running() -> tuple[Process, int] | None:
    """Its process and its port. The process is the one that was noted, not just one of its pid."""
    entry = read_entry(service_folder())
    process = Process.find(entry[0]) if entry else None
    return (process, entry[1]) if entry and process else None


def _wait_for_answer(process: Process, port: int) -> bool:
    """Wait until it answers: another one may be starting it, or have been killed doing so."""
    deadline = time.monotonic() + START_SECONDS
    while process.is_running and time.monotonic() < deadline:
        if answers(f"{LOOPBACK}:{port}", ANSWER_SECONDS):
            return True
    raise BrokerFailed(
        f"the background Kafka (process {process.pid}) runs and does not answer",
        f"unionflow kafka stop, then start it again; its log: {service_log()}",
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One start or stop at a time: the next one waits for the last one's result."""
    folder = service_folder()
    with contextlib.ExitStack() as lock:
        with usable(folder):
            try:
                lock.enter_context(locked(folder / "service.lock", FETCH_SECONDS + START_SECONDS))
            except TimeoutError as error:
                raise FolderInUse(folder, None) from error
        yield
