"""One installation for the whole life that its tests tell."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.errors import ToolMissing
from tests.install.installing import World, world
from tests.support.tiers import tier_is_missing

Say = Callable[[str], None]


@pytest.fixture(scope="package")
def installed() -> Iterator[World]:
    """Both charts are installed, and the stream is Ready."""
    with tempfile.TemporaryDirectory(prefix="uf-") as work:
        try:
            with world(Path(work)) as running:
                running.install()
                yield running
        except ToolMissing as missing:
            tier_is_missing(str(missing))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Prints a figure into the run's output."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}")

    return say
