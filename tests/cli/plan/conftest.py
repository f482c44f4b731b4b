"""A namespace with an operator, and one that nobody looks after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.plan.places import Place
from tests.operator.live.running import RunningOperator
from tests.operator.live.streams import Streams
from tests.support.apiserver import ApiServer


@pytest.fixture(scope="module")
def unattended(apiserver: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """No operator is here."""
    yield from _place(apiserver, tmp_path_factory.mktemp("unattended"))


@pytest.fixture(scope="module")
def attended(apiserver: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An operator is here."""
    folder = tmp_path_factory.mktemp("attended")
    for place in _place(apiserver, folder):
        settings = {"UNIONFLOW_NAMESPACES": place.namespace, "POD_NAMESPACE": place.namespace}
        with RunningOperator.start(folder, apiserver.kubeconfig, settings):
            yield place


def _place(apiserver: ApiServer, folder: Path) -> Iterator[Place]:
    streams = Streams(apiserver, apiserver.make_namespace())
    yield Place(streams, apiserver.kubeconfig, folder)
    streams.close()
