"""Every `unionflow` command that a page tells someone to type exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.house.test_docs import PAGES, read_page
from unionflow_cli.main import app

CALL = re.compile(r"(?:^|[\s|(])(?:\.venv/bin/)?unionflow\s+([^|;)\n]+)")


def calls(path: Path) -> Iterator[list[str]]:
    page = read_page(path)
    inline = [text for text in page.code if "\n" not in text]
    for text in [*page.commands, *inline]:
        for match in CALL.finditer(text):
            yield shlex.split(match[1], comments=True)


def complaint(words: list[str]) -> str | None:
    """What is wrong with a call, or None."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    return f"no option {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_unionflow_command_of_a_page_exists(path: Path) -> None:
    wrong = {shlex.join(words): problem for words in calls(path) if (problem := complaint(words))}
    assert wrong == {}


@pytest.mark.parametrize("call", ["nonsense", "watch --nonsense", "kafka nonsense"])
def test_a_command_that_does_not_exist_is_noticed(call: str) -> None:
    assert complaint(call.split()) is not None
