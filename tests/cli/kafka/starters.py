"""Programs that start something and wait, for tests that kill the starter.

Run as `python -m tests.cli.kafka.starters WHAT FOLDER`; prints the pid of what it started.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path

from unionflow_cli.kafka import Broker, Process, ensure_jars, spawn_tethered
from unionflow_cli.kafka.adapters.spawn import spawn_detached

SLEEP = [str(shutil.which("sleep")), "600"]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def start_broker(folder: Path) -> int:
    return Broker.start(folder).pid


def start_tethered(folder: Path) -> int:
    return spawn_tethered(SLEEP, folder / "log").pid


def start_in_a_thread_that_ends(folder: Path) -> int:
    started: list[Process] = []
    thread = threading.Thread(target=lambda: started.append(spawn_tethered(SLEEP, folder / "log")))
    thread.start()
    thread.join()
    return started[0].pid


def start_detached(folder: Path) -> int:
    return spawn_detached(SLEEP, folder / "log").pid


def fetch(_folder: Path) -> int:
    ensure_jars(say)
    return 0


STARTERS = {
    "broker": start_broker,
    "tethered": start_tethered,
    "in a thread": start_in_a_thread_that_ends,
    "detached": start_detached,
    "fetch": fetch,
}

if __name__ == "__main__":
    what, folder = sys.argv[1:]
    pid = STARTERS[what](Path(folder))
    say(str(pid))
    if pid:
        time.sleep(600)
