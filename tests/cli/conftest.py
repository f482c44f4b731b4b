"""A cache folder of a test's own, in which Kafka's jars are there already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.running import environment
from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import ensure_jars


def make_environment(folder: Path) -> Mapping[str, str]:
    """An environment whose cache is `folder`, with the jars of this machine's cache."""
    with kafka_tier():
        jars = ensure_jars()
    link = folder / "kafka" / jars.name
    link.parent.mkdir(parents=True)
    link.symlink_to(jars)
    return environment(folder)


@pytest.fixture
def own_cache(tmp_path: Path) -> Mapping[str, str]:
    """For one test."""
    return make_environment(tmp_path / "cache")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """For the tests of one module."""
    return make_environment(tmp_path_factory.mktemp("cache"))
