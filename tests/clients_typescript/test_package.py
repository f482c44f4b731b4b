"""The TypeScript client by its own tests: the table of cases, cuts anywhere, sockets, its size."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.clients_typescript.conftest import run
from tests.house.files import ROOT

TEST_SECONDS = 120


def test_it_keeps_every_promise_of_the_table_and_loses_nothing_at_any_cut(
    typescript_client: Path,
) -> None:
    ran = run(typescript_client, ["node", "scripts/test.mjs"], TEST_SECONDS)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    counts = {name: int(n) for name, n in re.findall(r"^# (\w+) (\d+)$", ran.stdout, re.MULTILINE)}
    cases = sum(
        len(json.loads(path.read_text(encoding="utf-8"))["cases"])
        for path in (ROOT / "tests" / "contract" / "cases").glob("*.json")
    )
    assert counts["pass"] > cases
    assert (counts["fail"], counts["skipped"], counts["todo"]) == (0, 0, 0)


def test_its_types_hold_in_its_tests_and_examples_too(typescript_client: Path) -> None:
    checked = run(
        typescript_client, ["node_modules/.bin/tsc", "--project", "tsconfig.json"], TEST_SECONDS
    )
    assert checked.returncode == 0, checked.stdout


def test_a_package_of_it_installs_in_an_empty_project(
    typescript_client: Path, tmp_path: Path
) -> None:
    packed = run(
        typescript_client,
        ["npm", "pack", "--ignore-scripts", "--pack-destination", str(tmp_path)],
        60,
    )
    assert packed.returncode == 0, packed.stderr
    (archive,) = tmp_path.glob("unionflow-client-*.tgz")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    prefix = ["npm", "install", "--prefix", str(tmp_path), "--offline", "--no-package-lock"]
    installed = run(typescript_client, [*prefix, "--no-audit", "--no-fund", str(archive)], 60)
    assert installed.returncode == 0, installed.stderr
    program = tmp_path / "program.mjs"
    program.write_text(
        "import { Client, BadOptions } from '@unionflow/client';\n"
        "try { new Client({ api: 'ftp://x' }); }\n"
        "catch (error) { console.log(error instanceof BadOptions); }\n",
        encoding="utf-8",
    )
    said = run(typescript_client, ["node", str(program)], 30)
    assert (said.stdout, said.stderr) == ("true\n", "")
