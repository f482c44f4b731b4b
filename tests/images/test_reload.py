"""`skaffold dev`: a synced file starts its program anew, and the pod ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.support.waiting import wait_until

PROGRAM = """
import pathlib, sys, time
with pathlib.Path({log!r}).open("a") as log:
    log.write({word!r} + "\\n")
time.sleep(600)
"""


class Pod:
    """A deployable `unionflow_toy` that writes a word when it starts."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.copy = folder / "app"
        self.log = folder / "log"
        self.write(self.site, "first")

    def write(self, place: Path, word: str) -> None:
        package = place / "unionflow_toy"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        text = PROGRAM.format(log=str(self.log), word=word)
        (package / "__main__.py").write_text(text)

    def words(self) -> list[str]:
        return self.log.read_text().split() if self.log.is_file() else []


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


@pytest.fixture
def program(pod: Pod) -> Iterator[subprocess.Popen[bytes]]:
    reload = str(ROOT / "shipping/reload.py")
    command = [sys.executable, reload, "unionflow_toy", str(pod.copy)]
    environ = {**os.environ, "PYTHONPATH": str(pod.site)}
    with subprocess.Popen(command, env=environ) as started:
        yield started
        started.terminate()


def test_a_synced_file_starts_the_program_anew(pod: Pod, program: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: pod.words() == ["first"])
    pod.write(pod.copy, "second")
    wait_until(lambda: pod.words() == ["first", "second"])
    assert program.poll() is None


def test_it_ends_with_its_program_when_it_is_told_to(
    pod: Pod, program: subprocess.Popen[bytes]
) -> None:
    wait_until(lambda: pod.words() == ["first"])
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 0
