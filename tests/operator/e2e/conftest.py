"""One node for all tests of this folder, and a namespace as careful as they come."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.errors import ToolMissing
from tests.operator.e2e.installing import Installed, installed
from tests.support.tiers import tier_is_missing

NAMESPACE = "prod"
Say = Callable[[str], None]


@pytest.fixture(scope="package")
def cluster() -> Iterator[Installed]:
    """A node with the operator, and a namespace whose pods have to be restricted."""
    with tempfile.TemporaryDirectory(prefix="uf-") as work:
        try:
            with installed(Path(work)) as running:
                restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
                metadata = {"name": NAMESPACE, "labels": restricted}
                namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
                running.kubectl("apply", "-f", "-", stdin=namespace)
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
