"""The rules of the house that import-linter has no contract for."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house.files import ROOT, repository_files

MAX_MODULE_LINES = 400
HOLDERS = ("services", "operator")
IGNORE = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore|mypy:|pragma:)")
REASONED_IGNORE = re.compile(
    r"""\#\s*
    (?: (?:ruff:\s*)?noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+[\#(]
      | type:\s*ignore\[[\w,\ -]+\]\s+\#
      | (?:mypy|pragma):\s*[\w-]+\s+\#
    )
    .*\w\s+\w""",
    re.VERBOSE,
)
# Reading a clock or rolling dice: what is passed into a core instead.
CLOCKS_AND_DICE = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("os", "urandom"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
}


def sources(*holders: str) -> list[Path]:
    return [path for path in repository_files(".py") if path.parts[0] in holders]


def packages() -> list[Path]:
    """Every deployable and shared package, e.g. services/relay/unionflow_relay."""
    return sorted(
        path.parent
        for path in sources(*HOLDERS)
        if path.name == "__init__.py" and not (path.parent.parent / "__init__.py").is_file()
    )


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_no_module_has_more_than_400_lines() -> None:
    long = {
        str(path): lines
        for path in repository_files(".py", ".ts", ".tsx")
        if (lines := len((ROOT / path).read_text().splitlines())) > MAX_MODULE_LINES
    }
    assert long == {}


def test_folders_that_hold_packages_are_none_themselves() -> None:
    made_packages = [
        path
        for path in sources(*HOLDERS)
        if path.name == "__init__.py"
        and not any(part.startswith("unionflow_") for part in path.parts)
    ]
    assert made_packages == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in sources("tests")}
    folders |= {parent for folder in folders for parent in folder.parents if parent.parts}
    assert [path for path in sorted(folders) if not (ROOT / path / "__init__.py").is_file()] == []


def test_every_package_says_that_it_is_typed() -> None:
    assert [path for path in packages() if not (ROOT / path / "py.typed").is_file()] == []


@pytest.mark.parametrize(
    ("what", "keys", "of_package"),
    [
        ("the wheel", "hatch.build.targets.wheel.packages", str),
        ("the editable install", "hatch.build.dev-mode-dirs", lambda path: str(path.parent)),
        ("isort", "ruff.src", lambda path: str(path.parent)),
        ("mypy", "mypy.mypy_path", lambda path: str(path.parent)),
        ("import-linter", "importlinter.root_packages", lambda path: path.name),
    ],
)
def test_every_package_is_known_to(what: str, keys: str, of_package: Any) -> None:
    section: Any = pyproject()["tool"]
    for key in keys.split("."):
        section = section[key]
    assert {of_package(path) for path in packages()} - set(section) == set(), what


def ignores(path: Path) -> Iterator[str]:
    for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1):
        if IGNORE.search(line) and not REASONED_IGNORE.search(line):
            yield f"{path}:{number}: {line.strip()}"


def test_every_ignore_in_code_has_its_reason_beside_it() -> None:
    paths = [path for path in repository_files(".py") if path != Path(__file__).relative_to(ROOT)]
    assert [ignore for path in paths for ignore in ignores(path)] == []


def test_every_ignore_in_pyproject_has_its_reason_beside_it() -> None:
    rule = re.compile(r'^\s+"[A-Z]{1,4}\d{3,4}",|^ignore_missing_imports')
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    unexplained = [line for line in lines if rule.match(line) and "# " not in line]
    assert unexplained == []


def raised_classes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
            is_private = node.name.startswith("_")  # it never leaves its module
            if not is_private and any(
                base == "Exception" or base.endswith("Error") for base in bases
            ):
                yield f"{path}: {node.name}"


def test_errors_are_declared_in_errors_py() -> None:
    elsewhere = [
        found
        for path in sources(*HOLDERS)
        if path.name != "errors.py"
        for found in raised_classes(path)
    ]
    assert elsewhere == []


def clock_readings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).split(".")[-1]
            if (owner, node.attr) in CLOCKS_AND_DICE:
                yield f"{path}:{node.lineno}: {owner}.{node.attr}"


def test_no_core_reads_a_clock_or_rolls_dice() -> None:
    cores = [path for path in sources(*HOLDERS) if "core" in path.parts]
    assert [found for path in cores for found in clock_readings(path)] == []
