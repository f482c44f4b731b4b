"""GitHub's workflows are as their schema and actionlint say, pinned, and call the Makefile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.building import build_program, kept
from tests.cluster.errors import ToolMissing
from tests.house.files import ROOT
from tests.house.test_docs import make_targets
from tests.images.test_compose import SERVICES
from tests.support.tiers import tier_is_missing

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))
SOURCES = Path(__file__).parent / "actionlint"
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def jobs(path: Path) -> Iterator[Mapping[str, Any]]:
    yield from yaml.safe_load(path.read_text())["jobs"].values()


def commands(path: Path) -> Iterator[str]:
    for job in jobs(path):
        for step in job["steps"]:
            yield from step.get("run", "").splitlines()


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_they_are_as_the_schema_says(schema: str) -> None:
    checker = str(Path(sys.executable).parent / "check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", schema, *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(600)  # actionlint is built once
def test_actionlint_finds_nothing() -> None:
    try:
        program = kept("actionlint", SOURCES, build_program) / "actionlint"
    except ToolMissing as missing:
        tier_is_missing(str(missing))
    done = subprocess.run(
        [str(program), *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
    used = [line for line in used if line.startswith("uses:")]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_job_may_write_only_what_it_says(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_what_it_calls_is_a_target_of_the_makefile_or_a_script(path: Path) -> None:
    called = {
        target for line in commands(path) for target in re.findall(r"^make ([a-z0-9]+)", line)
    }
    scripts = [line for line in commands(path) if line.startswith(".ci/")]
    assert called - make_targets() == set()
    assert called or scripts
    assert [line for line in scripts if not (ROOT / line).is_file()] == []


def test_what_compose_is_asked_is_there() -> None:
    text = (ROOT / ".github/workflows/images.yaml").read_text()
    published = {port.split(":")[1] for one in SERVICES.values() for port in one.get("ports", ())}
    assert set(re.findall(r"http://localhost:(\d+)", text)) <= published
    (uid,) = re.findall(r"dashboards/uid/([\w-]+)", text)
    boards = (ROOT / "operator/unionflow_operator/monitoring/dashboards").glob("*.json")
    assert uid in {json.loads(board.read_text())["uid"] for board in boards}
