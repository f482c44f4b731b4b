"""What a Markdown page offers and asks for: headings to link to, links, commands to type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

SHELLS = {"bash", "console", "sh", "shell"}


@dataclass(frozen=True, slots=True)
class Page:
    """links: targets as written. anchors: as GitHub makes them. commands: lines of shell blocks.

    code: every piece of code on the page, in blocks and in running text.
    """

    links: Sequence[str]
    anchors: frozenset[str]
    commands: Sequence[str]
    code: Sequence[str]


def parse_page(text: str) -> Page:
    """Read one page."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return Page(
        links=list(_links(tokens)),
        anchors=frozenset(_anchors(tokens)),
        commands=list(_commands(tokens)),
        code=[token.content for token in _flat(tokens) if token.type in {"code_inline", "fence"}],
    )


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def _links(tokens: Sequence[Token]) -> Iterator[str]:
    for token in _flat(tokens):
        target = token.attrGet({"link_open": "href", "image": "src"}.get(token.type, ""))
        if target is not None:
            yield str(target)


def _anchors(tokens: Sequence[Token]) -> Iterator[str]:
    """GitHub's way: lower case, no punctuation, hyphens for blanks, -1, -2 … for repeats."""
    seen: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(t.content for t in inline.children or () if t.type != "softbreak")
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            times = seen[slug] = seen.get(slug, -1) + 1
            yield f"{slug}-{times}" if times else slug


def _commands(tokens: Sequence[Token]) -> Iterator[str]:
    """Commands of shell blocks; in a block with prompts (`$ `) only the lines that have one."""
    for token in tokens:
        if token.type != "fence" or token.info.strip() not in SHELLS:
            continue
        lines = token.content.replace("\\\n", " ").splitlines()
        prompted = [line[2:] for line in lines if line.startswith("$ ")]
        for line in prompted or lines:
            command = line.split(" #")[0].strip()
            if command and not command.startswith("#"):
                yield command
