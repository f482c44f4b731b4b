"""Helm, and an API server that knows nothing of ours yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import helm_python
import pytest

from tests.cluster.building import kubernetes
from tests.cluster.control import ControlPlane
from tests.cluster.errors import ClusterError
from tests.helm.kubelet import Kubelet
from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing

DEFINITION = "crd/unionflowstreams.unionflow.lions.dev"
FILE = ROOT / "manifests/crds/unionflowstreams.yaml"
Helm = Callable[[str], helm_python.Config]


@pytest.fixture(scope="session")
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


@pytest.fixture
def undefined(bare: ControlPlane) -> ControlPlane:
    """It knows nothing of streams, whatever a test before has left."""
    bare.kubectl("delete", "--ignore-not-found", DEFINITION)
    return bare


@pytest.fixture
def defined(bare: ControlPlane) -> ControlPlane:
    """It knows what a stream is, whoever has said it."""
    if bare.kubectl("get", DEFINITION, check=False).returncode != 0:
        bare.kubectl("apply", "--server-side", "-f", str(FILE))
        bare.kubectl("wait", "--for=condition=Established", "--timeout=60s", DEFINITION)
    return bare


@pytest.fixture
def helm(bare: ControlPlane) -> Helm:
    """Helm in a namespace."""

    def in_namespace(namespace: str) -> helm_python.Config:
        return helm_python.Config(kubeconfig_path=bare.kubeconfig, namespace=namespace)

    return in_namespace
