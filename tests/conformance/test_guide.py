"""The guide's adapter, as it stands on the page, is one: short, and good for the level `resume`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients_typescript.conftest import typescript_client
from tests.conformance.running import find
from tests.house.files import ROOT

__all__ = ["typescript_client"]

GUIDE = ROOT / "docs" / "how-to" / "write-your-own-client.md"
MY_CLIENT = ROOT / "tests" / "conformance" / "adapters" / "my-client.mjs"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The guide's program, with a client beside it."""
    (code,) = re.findall(r"```js\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    program = tmp_path / "adapter.mjs"
    program.write_text(code, encoding="utf-8")
    (tmp_path / "my-client.mjs").write_text(MY_CLIENT.read_text("utf-8"), encoding="utf-8")
    return program


def test_it_has_less_than_thirty_lines(adapter: Path) -> None:
    assert len(adapter.read_text("utf-8").splitlines()) < 30


def test_it_lets_a_client_keep_what_is_asked_of_it(typescript_client: Path, adapter: Path) -> None:
    options = ["--level", "resume", "--browser", "--only"]
    command = ["env", f"ROOM={typescript_client}", "node", str(adapter)]
    for subject in ("truncated: a gap", "tokens: after 4401"):
        found = find([*options, subject], command)
        assert (found.code, found.broken) == (0, set())
        assert found.said["kept"] > 0
