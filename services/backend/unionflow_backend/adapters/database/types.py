"""How the domain's own words lie in columns: enumerations, sets of roles, levels of approval."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from unionflow_backend.core.organizations import Level
from unionflow_backend.core.roles import Role


class Word(TypeDecorator[StrEnum]):
    """A value of an enumeration, as its text."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int = 16) -> None:
        super().__init__(length)
        self.words = words

    def process_bind_param(self, value: StrEnum | None, _dialect: Dialect) -> str | None:
        """The text of a word."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> StrEnum | None:
        """The word that a text is."""
        return None if value is None else self.words(value)


class Roles(TypeDecorator[frozenset[Role]]):
    """A set of roles, sorted, with commas between."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: frozenset[Role] | None, _dialect: Dialect) -> str:
        """The roles' text."""
        return ",".join(sorted(value or ()))

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> frozenset[Role]:
        """The roles that a text names."""
        return frozenset(Role(name) for name in (value or "").split(",") if name)


class Levels(TypeDecorator[tuple[Level, ...]]):
    """Levels of approval, as JSON: [[from amount, approvers], …]."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Level, ...] | None, _dialect: Dialect) -> str:
        """The levels' text."""
        return json.dumps([[level.from_amount, level.approvers] for level in value or ()])

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> tuple[Level, ...]:
        """The levels that a text holds."""
        return tuple(Level(*pair) for pair in json.loads(value or "[]"))
