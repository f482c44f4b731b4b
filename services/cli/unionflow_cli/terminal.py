"""One look for everything that the command prints: data on stdout, all else on stderr.

At a terminal lines are cut to its width, since a wrapped event is hard to read; in a pipe nothing
is cut, since what reads it wants everything.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from unionflow_cli.errors import CliError

THEME = Theme(
    {
        "quiet": "dim",
        "good": "green",
        "wrong": "red",
        "caution": "yellow",
        "name": "cyan",
        "title": "bold",
        "finance": "yellow",
        "stats": "blue",
        "notice": "magenta",
        "people": "green",
        "money": "cyan",
        "other": "default",
    },
    inherit=True,
)


def output() -> Console:
    """Standard output. Made anew each time, so that it is the stream of the moment."""
    return Console(theme=THEME, highlight=False, soft_wrap=False)


def messages() -> Console:
    """Standard error: progress, warnings, errors."""
    return Console(theme=THEME, highlight=False, stderr=True)


def is_terminal(console: Console) -> bool:
    """Whether a person looks at it, so that a moving view makes sense."""
    return console.is_terminal and not console.is_dumb_terminal


def line(console: Console, text: Text | str) -> None:
    """Print one line: cut to the width at a terminal, whole in a pipe."""
    if isinstance(text, str):
        text = Text(text)
    if console.is_terminal:
        console.print(text, no_wrap=True, overflow="ellipsis", crop=True)
    else:
        console.file.write(f"{text.plain}\n")
        console.file.flush()


def show_error(error: CliError) -> None:
    """An error as a person reads it: details, then what is wrong, then what would do."""
    console = messages()
    for detail in error.details:
        line(console, Text(f"  {detail}", style="quiet"))
    console.print(Text.assemble(("error: ", "wrong"), error.message), soft_wrap=True)
    if error.advice:
        console.print(Text(f"       {error.advice}"), soft_wrap=True)


def write_data(text: str) -> None:
    """Write data for another program: the text and a line feed, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
