"""Pages of a list: where one ends and the next begins, as a word that no client takes apart.

A cursor names the last thing of a page by what the list is sorted by. It is no secret and gives
no right: the list that it continues is the caller's own. So it is not signed, but every part of it
is checked before it comes near a database.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from unionflow_backend.errors import BadRequest, Unprocessable

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
MAX_CURSOR_LENGTH: Final = 1_024
_ID = re.compile(r"[A-Za-z0-9-]{1,63}", re.ASCII)
_NO_CURSOR: Final = "cursor: is not one that this list gave"


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of a list. column: what by; kind: of its values; descending: largest first."""

    name: str
    column: str
    kind: type[int | str]
    descending: bool


@dataclass(frozen=True, slots=True)
class After:
    """Go on after the thing with this value and id."""

    value: int | str
    id: str


def read_sort(text: str, columns: Mapping[str, tuple[str, type[int | str]]]) -> Sort:
    """The order that `text` asks for: a field's name, with `-` before it for largest first.

    columns: the fields that may be asked for, each with its column and kind.

    Raises:
        Unprocessable: it is none of them.
    """
    name = text.removeprefix("-")
    if name not in columns:
        what = f"must be one of {', '.join(columns)}, with - before it for largest first"
        raise Unprocessable(f"sort: {what}", [("sort", what)])
    column, kind = columns[name]
    return Sort(name, column, kind, text.startswith("-"))


def write_cursor(sort: Sort, after: After | None) -> str | None:
    """The word for what comes after `after`; None where nothing does."""
    if after is None:
        return None
    order = f"-{sort.name}" if sort.descending else sort.name
    text = json.dumps([order, after.value, after.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, sort: Sort) -> After:
    """Where a page begins.

    Raises:
        BadRequest: the cursor is none of ours, or of a list in another order.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise BadRequest(_NO_CURSOR) from None
    if not isinstance(parts, list) or len(parts) != 3:
        raise BadRequest(_NO_CURSOR)
    order, value, id = parts
    if order != (f"-{sort.name}" if sort.descending else sort.name):
        raise BadRequest("cursor: is of a list in another order")
    if not _is_value(value, sort.kind) or not isinstance(id, str) or _ID.fullmatch(id) is None:
        raise BadRequest(_NO_CURSOR)
    return After(value, id)


def _is_value(value: object, kind: type[int | str]) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    text = str(value)
    return len(text) <= 256 and not any(one < " " or "\ud800" <= one <= "\udfff" for one in text)
