"""Both libraries, and a third client, keep every promise over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients_typescript.conftest import typescript_client
from tests.conformance.running import PYTHON_CLIENT, find

__all__ = ["typescript_client"]

HIDDEN_FROM_SOCKETS = 3


def test_the_python_client_keeps_every_promise_that_a_socket_shows() -> None:
    found = find(["--time", "virtual"], PYTHON_CLIENT)
    assert (found.code, found.said["broken"]) == (0, [])
    assert found.said["kept"] > 300
    assert len(found.said["unseen"]) == HIDDEN_FROM_SOCKETS


@pytest.mark.node
def test_the_typescript_client_keeps_every_promise_that_a_browser_s_socket_shows(
    typescript_client: Path,
) -> None:
    adapter = ["node", str(typescript_client / "test" / "conformance.mjs")]
    found = find(["--time", "virtual", "--browser"], adapter)
    assert (found.code, found.said["broken"]) == (0, [])
    assert found.said["kept"] > 250


def test_a_client_in_go_that_was_written_from_the_guide_keeps_those_of_its_levels(
    go_adapter: Path,
) -> None:
    for level, least in (("resume", 220), ("plain", 95)):
        options = ["--level", level, "--scale", "30", "--jobs", "16"]
        found = find(options, [str(go_adapter), level])
        assert (found.code, found.said["broken"]) == (0, [])
        assert found.said["kept"] > least
