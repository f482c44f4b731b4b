"""What is written holds together: links lead somewhere, commands exist, decisions are listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.house.files import ROOT, repository_files
from tests.house.markdown import Page, parse_page

PAGES = [path for path in repository_files(".md") if "node_modules" not in path.parts]
VARIABLE = re.compile(r"\b(?:UNIONFLOW|KAFKA)_[A-Z_]*[A-Z]\b")
DECISIONS = Path("docs/decisions")


def read_page(path: Path) -> Page:
    return parse_page((ROOT / path).read_text())


def broken_links(path: Path) -> Iterator[str]:
    for link in read_page(path).links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = unquote(link).partition("#")
        aimed = (ROOT / path.parent / target).resolve() if target else ROOT / path
        if not aimed.exists():
            yield f"{link}: no such file"
        elif anchor and anchor not in read_page(aimed.relative_to(ROOT)).anchors:
            yield f"{link}: no such heading"


@cache
def shipped_code() -> str:
    paths = [*repository_files(".py", under="services"), *repository_files(".py", under="operator")]
    return "\n".join((ROOT / path).read_text() for path in paths)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_link_leads_to_a_page_and_a_heading_that_exist(path: Path) -> None:
    assert list(broken_links(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_make_command_that_a_page_names_is_a_target(path: Path) -> None:
    page = read_page(path)
    code = [*page.commands, *page.code]
    named = {target for text in code for target in re.findall(r"\bmake ([a-z][\w-]*)", text)}
    assert named - make_targets() == set()


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_variable_that_a_page_names_is_read_by_the_code(path: Path) -> None:
    named = set(VARIABLE.findall("\n".join(read_page(path).code)))
    assert named - set(VARIABLE.findall(shipped_code())) == set()


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_shows_the_two_commands(command: str) -> None:
    assert command in read_page(Path("README.md")).commands


def test_every_decision_is_dated_and_listed() -> None:
    pages = [path.name for path in repository_files(".md", under=str(DECISIONS))]
    decisions = [name for name in pages if name != "README.md"]
    assert [n for n in decisions if not re.fullmatch(r"20\d\d-\d\d-\d\d-[a-z0-9-]+\.md", n)] == []
    assert sorted(read_page(DECISIONS / "README.md").links) == sorted(decisions)


def test_the_licence_is_apache_2() -> None:
    assert (
        "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
    )


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## Close codes", "close-codes"),
        ("## `unionflow.v1` frames", "unionflowv1-frames"),
        ("## What is served today, and what later", "what-is-served-today-and-what-later"),
    ],
)
def test_a_heading_gives_the_anchor_that_github_gives_it(heading: str, anchor: str) -> None:
    assert parse_page(heading).anchors == {anchor}


def test_a_shell_block_with_prompts_has_commands_only_where_the_prompts_are() -> None:
    block = "```console\n$ make test  # all of it\n12 passed\n```\n"
    assert parse_page(block).commands == ["make test"]
