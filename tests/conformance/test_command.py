"""The command line: what it prints, its exit codes, and what it says of adapters that are none."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.conformance.running import BAD_CLIENT, PYTHON_CLIENT, run
from tests.contract.table import all_cases
from unionflow_cli.conformance.core.report import WIDTH, Findings, Outcome, lines

QUICK = ("--time", "virtual", "--jobs", "1", "--patience", "0.5")
SILENT = (sys.executable, "-c", "import sys; sys.stderr.write('no such library\\n')")
CHATTY = (sys.executable, "-c", "print('hello'); input(); input()")


def test_a_report_of_everything_broken_fits_a_terminal_and_names_each_section() -> None:
    table = all_cases()
    outcomes = [Outcome(case, "open: wanted something, saw something else. " * 5) for case in table]
    said = list(lines(Findings("full", "virtual", outcomes, table[:3], 12.3)))
    assert [line for line in said if len(line) > WIDTH] == []
    assert "Positions and cursors" in said
    assert said[-1] == f"{len(table)} promises of the level full broken, in 12.3 s."
    for count in Counter(case.subject for case in table).values():
        assert any(line.startswith("  ") and line.endswith(f"{0:>6}{count:>6}") for line in said)


def test_a_kept_promise_is_said_in_words_and_the_exit_code_is_0() -> None:
    ran = run([*QUICK, "--only", "after code 4403"], PYTHON_CLIENT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "acts on each close code as its row says" in ran.stdout
    assert "Every promise of the level full was kept" in ran.stdout


def test_a_broken_one_is_shown_with_the_step_and_the_exit_code_is_1() -> None:
    ran = run([*QUICK, "--only", "the client is served"], [*BAD_CLIENT, "hurry"])
    assert ran.returncode == 1
    assert ran.stdout.startswith("broken  drain: the client is served until afterMs")
    assert "step" in ran.stdout


@pytest.mark.parametrize(
    ("adapter", "code", "said"),
    [
        ((), 2, "no adapter to run"),
        (("/no/such/program",), 3, "cannot be started"),
        (SILENT, 5, "no such library"),
        (CHATTY, 2, "no JSON object"),
    ],
)
def test_an_adapter_that_is_none_is_said_in_a_sentence(
    adapter: Sequence[str], code: int, said: str
) -> None:
    ran = run([*QUICK, "--only", "after code 4403"], adapter)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_cases_of_a_level_can_be_listed() -> None:
    ran = run(["--level", "plain", "--list", "--json"], ())
    said = json.loads(ran.stdout)
    assert len(said["held"]) > 90
    assert set(said) == {"held", "unseen"}
