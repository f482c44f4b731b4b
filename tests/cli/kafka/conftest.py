"""What the tests of the local Kafka start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import ensure_jars
from unionflow_cli.kafka.adapters.tools import require_java


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """Kafka's jars and a Java for them: what a broker needs. Skips, or fails in CI, without."""
    with kafka_tier():
        require_java()
        return ensure_jars()


@pytest.fixture
def own_cache(tmp_path: Path, kafka_jars: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own, in which the jars are fetched already."""
    cache = tmp_path / "cache"
    (cache / "kafka").mkdir(parents=True)
    (cache / "kafka" / kafka_jars.name).symlink_to(kafka_jars)
    monkeypatch.setenv("UNIONFLOW_CACHE", str(cache))
    return cache
