"""Is a Python value JSON? Asked before it is sent, and answered with the path to what is not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from unionflow_events.errors import InvalidPayload

MAX_DEPTH: Final = 100
"""Levels of objects and arrays. orjson, which every reader here has, writes at most 254."""

_MAX_KEY_SHOWN: Final = 64
_ADVICE: Final[tuple[tuple[type, str], ...]] = (
    (Decimal, "pass a string"),
    (UUID, "pass a string"),
    (date, "pass an RFC 3339 string"),
    (time, "pass a string"),
    (Enum, "pass its value"),
    (bytes, "pass a string"),
    (bytearray, "pass a string"),
    (set, "pass a list"),
    (frozenset, "pass a list"),
)


def require_json(value: object, path: str) -> None:
    """Return where `value` is what JSON can say, and every client can read.

    Taken are dict with str keys, list, tuple, str, bool, None, float and int, and no subclass of
    a scalar: what one writes as is for its author to say.

    Args:
        path: what `value` is called in the error's message.

    Raises:
        InvalidPayload: with the path to the first value that is not, such as
            `data.items[2].amount: Decimal is no JSON; pass a string`.
    """
    _walk(value, path, ())


def _walk(value: object, path: str, ancestors: tuple[object, ...]) -> None:
    kind = type(value)
    if value is None or kind is bool:
        return
    if kind is str:
        _require_text(value, path)
    elif kind is int:
        # Dart's and Java's integers are signed and of 64 bits; so are the widest that all read.
        if not -(2**63) <= value < 2**63:  # type: ignore[operator]  # `kind` says it is an int
            raise InvalidPayload(path, "the integer has more than 64 bits; pass a string")
    elif kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]  # `kind` says it is a float
            raise InvalidPayload(path, f"{value} is no JSON; pass null or leave it out")
    elif isinstance(value, dict | list | tuple):
        _walk_into(value, path, ancestors)
    else:
        raise InvalidPayload(path, _no_json(value))


def _walk_into(
    container: dict[Any, Any] | list[Any] | tuple[Any, ...],
    path: str,
    ancestors: tuple[object, ...],
) -> None:
    if any(container is ancestor for ancestor in ancestors):
        raise InvalidPayload(path, "contains itself; JSON has no cycles")
    if len(ancestors) >= MAX_DEPTH:
        raise InvalidPayload(path, f"is nested deeper than {MAX_DEPTH} levels")
    ancestors = (*ancestors, container)
    if isinstance(container, dict):
        for key, value in container.items():
            if type(key) is not str:
                raise InvalidPayload(
                    path, f"has a key that is a {type(key).__name__}; JSON's keys are strings"
                )
            inner = f"{path}{_step(key)}"
            _require_text(key, inner)
            _walk(value, inner, ancestors)
    else:
        for index, value in enumerate(container):
            _walk(value, f"{path}[{index}]", ancestors)


def _step(key: str) -> str:
    if len(key) > _MAX_KEY_SHOWN:
        key = key[:_MAX_KEY_SHOWN] + "…"
    return f".{key}" if key.isidentifier() else f"[{key!a}]"


def _require_text(text: Any, path: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidPayload(path, "has a lone surrogate, which UTF-8 cannot write") from None


def _no_json(value: object) -> str:
    name = type(value).__name__
    for kind, advice in _ADVICE:
        if isinstance(value, kind):
            return f"{name} is no JSON; {advice}"
    if isinstance(value, Mapping):
        return f"{name} is no JSON; pass a dict"
    for kind in (str, int, float):
        if isinstance(value, kind):
            return f"{name} is no JSON; pass a plain {kind.__name__}"
    return f"{name} is no JSON"
