"""A chart's values.yaml with its comments: what its schema and its README are made of.

Above each value stands what it means. A line `# @schema {…}` says what its default cannot show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

_SCHEMA: Final = "@schema "


@dataclass(frozen=True, slots=True)
class Value:
    """One value. path: from the root, empty for the root itself.

    text: its comment, in one line. schema: what its `@schema` says. parts: those within it; none
    where it is one value to its chart.
    """

    path: tuple[str, ...]
    default: Any
    text: str
    schema: Mapping[str, Any]
    parts: Sequence[Value]

    @property
    def name(self) -> str:
        """`image.tag`."""
        return ".".join(self.path)

    def leaves(self) -> Iterator[Value]:
        """Those within it that have no parts, in their order; itself where it has none."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def read_values(text: str) -> Value:
    """The whole of a values.yaml."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = text.splitlines()
    return Value((), None, "", {}, tuple(_parts(root, (), lines)))


def _parts(node: Any, path: tuple[str, ...], lines: Sequence[str]) -> Iterator[Value]:
    for key, value in node.value:
        text, schema = _comment(key.start_mark, lines)
        here = (*path, key.value)
        has_parts = isinstance(value, yaml.MappingNode) and value.value and not schema
        yield Value(
            here,
            yaml.SafeLoader("").construct_document(value),
            text,
            schema,
            tuple(_parts(value, here, lines)) if has_parts else (),
        )


def _comment(mark: Any, lines: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
    """What stands directly above a key, at its indentation."""
    start = " " * mark.column + "#"
    above = []
    for line in reversed(lines[: mark.line]):
        if not line.startswith(start):
            break
        above.append(line.strip().removeprefix("#").strip())
    above.reverse()
    words = [line for line in above if not line.startswith(_SCHEMA)]
    said = [yaml.safe_load(line.removeprefix(_SCHEMA)) for line in above if line not in words]
    return " ".join(words), {name: value for one in said for name, value in one.items()}
