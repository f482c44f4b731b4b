"""Prometheus' checker, and a Prometheus that has watched the whole stack live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.load import Watched, watched_life
from tests.support.apiserver import ApiServer
from tests.support.prometheus import Promtool, find_promtool

LIFE_SECONDS = 20.0


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Prometheus' checker."""
    return find_promtool()


@pytest.fixture(scope="module")
def watched(
    apiserver: ApiServer, promtool: Promtool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """What Prometheus saw of half a minute in which everything happened."""
    del promtool  # where there is none, nothing need be started
    with watched_life(tmp_path_factory.mktemp("watched"), apiserver, LIFE_SECONDS) as life:
        yield life
