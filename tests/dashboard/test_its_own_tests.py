"""The dashboard by its own tests, its types, and its build."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.dashboard.conftest import BUILD_SECONDS, run

TEST_SECONDS = 120


def test_its_core_its_words_and_what_was_built_keep_their_promises(dashboard: Path) -> None:
    ran = run(dashboard, ["node", "scripts/test.mjs"], TEST_SECONDS)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    counts = {name: int(n) for name, n in re.findall(r"^# (\w+) (\d+)$", ran.stdout, re.MULTILINE)}
    assert counts["pass"] >= 75
    assert (counts["fail"], counts["skipped"], counts["todo"]) == (0, 0, 0)


def test_its_types_hold_in_its_tests_too(dashboard: Path) -> None:
    checked = run(dashboard, ["node_modules/.bin/tsc", "--project", "tsconfig.json"], TEST_SECONDS)
    assert checked.returncode == 0, checked.stdout


def test_it_is_not_built_again_when_nothing_has_changed(dashboard: Path) -> None:
    before = (dashboard / "dist" / "index.html").stat().st_mtime_ns
    again = run(dashboard, ["node", "scripts/build.mjs"], BUILD_SECONDS)
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == "dashboard: nothing has changed"
    assert (dashboard / "dist" / "index.html").stat().st_mtime_ns == before


def test_every_version_that_it_is_built_with_is_exact(dashboard: Path) -> None:
    about = json.loads((dashboard / "package.json").read_text(encoding="utf-8"))
    versions = {**about.get("dependencies", {}), **about["devDependencies"]}
    assert [name for name, one in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", one)] == []
    assert not (dashboard / "package-lock.json").exists()
