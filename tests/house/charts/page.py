"""A chart's README.md: its own words, then a table of all values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.house.charts.values import Value

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]


def chart_page(
    notice: str, chart: Mapping[str, Any], words: str, values: Value, table: Table
) -> str:
    """The page. notice: its first line. chart: Chart.yaml. words: what is to be said beforehand."""
    plain = [part for part in values.parts if not part.parts]
    sections = [_section(f"`{part.name}`", part, table) for part in values.parts if part.parts]
    return f"""{notice}

# {chart["name"]} {chart["version"]}

{chart["description"]}.

{words.strip()}

## Values

{table(_HEAD, map(_row, plain))}

{"".join(sections)}"""


_HEAD = ("value", "default", "meaning")


def _section(title: str, value: Value, table: Table) -> str:
    text = f"{value.text}\n\n" if value.text else ""
    rows: Iterator[Value] = (leaf for part in value.parts for leaf in part.leaves())
    return f"### {title}\n\n{text}{table(_HEAD, map(_row, rows))}\n\n"


def _row(value: Value) -> Sequence[str]:
    return (f"`{value.name}`", _shown(value), value.text)


def _shown(value: Value) -> str:
    if value.default in ("", [], {}, None):
        return ""
    text = value.default if isinstance(value.default, str) else json.dumps(value.default)
    return f"`{text}`"
