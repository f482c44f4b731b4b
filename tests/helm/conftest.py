"""Helm, and an API server that knows nothing of ours yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.building import kubernetes
from tests.cluster.control import ControlPlane
from tests.cluster.errors import ClusterError
from tests.helm.kubelet import Kubelet
from tests.support.tiers import tier_is_missing


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server without any definition: the chart brings its own."""
    folder = tmp_path_factory.mktemp("bare")
    try:
        control = ControlPlane(folder, kubernetes())
    except ClusterError as missing:
        tier_is_missing(str(missing))
    try:
        control.start()
        yield control
    finally:
        control.stop()


@pytest.fixture
def kubelet(bare: ControlPlane) -> Iterator[Kubelet]:
    """Who lets pods of Jobs and of tests end; none runs anything here."""
    with Kubelet(bare) as playing:
        yield playing
