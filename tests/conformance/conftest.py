"""The third client, built once where Go is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing
from unionflow_cli.doctor.go import find_go

GO_CLIENT = ROOT / "services" / "clients" / "go-sketch"
BUILD_SECONDS = 150


@pytest.fixture(scope="session")
def go_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter of the client in Go, as a program."""
    go = find_go()
    if go is None or go.version < (1, 24):
        tier_is_missing("the client in Go needs Go 1.24 or newer: `make install` brings one")
    program = tmp_path_factory.mktemp("go") / "adapter"
    command = [str(go.path), "build", "-o", str(program), "./conformance"]
    built = subprocess.run(
        command, cwd=GO_CLIENT, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    if "dial tcp" in built.stderr or "connection refused" in built.stderr:
        tier_is_missing("the client in Go needs its one module: the Go proxy cannot be reached")
    assert built.returncode == 0, built.stderr
    return program
