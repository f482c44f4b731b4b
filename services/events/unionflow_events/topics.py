"""What the catalogue's topics are called in one Kafka cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from unionflow_events.catalogue import CATALOGUE
from unionflow_events.errors import InvalidSetting

_VARIABLE: Final = "UNIONFLOW_TOPICS"
_PREFIX_VARIABLE: Final = "UNIONFLOW_TOPIC_PREFIX"
_CATALOGUE_NAMES: Final = tuple(topic.name for topic in CATALOGUE)
_LEGAL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")  # Kafka's own rule, with no "." or ".."
_LEGAL_PREFIX: Final = re.compile(r"[A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Names in Kafka beside names in the catalogue. Made by `from_entries`."""

    prefix: str
    real: tuple[str, ...]
    """The names in Kafka, in the order of the entries."""
    _catalogue_by_real: Mapping[str, str] = field(repr=False)
    _real_by_catalogue: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_entries(cls, entries: Iterable[str] | None = None, prefix: str = "") -> TopicNames:
        """Read the entries of `UNIONFLOW_TOPICS` and the value of `UNIONFLOW_TOPIC_PREFIX`.

        Args:
            entries: each a name, before which `prefix` stands in Kafka, or
                `catalogueName=topicName`, whose right side is the name in Kafka as it is. Blank
                ones are passed over; with none, they are the catalogue's five.
            prefix: at most 200 characters; "" for none.

        Raises:
            InvalidSetting: Kafka allows no such name, the left side is not in the catalogue, or a
                name comes twice.
        """
        if not _LEGAL_PREFIX.fullmatch(prefix):
            raise InvalidSetting(
                _PREFIX_VARIABLE,
                prefix,
                "has more than 200 or other characters than A-Z a-z 0-9 . _ -",
            )
        wanted = [entry.strip() for entry in entries or () if entry.strip()] or _CATALOGUE_NAMES
        real_by_name: dict[str, str] = {}
        name_by_real: dict[str, str] = {}
        for entry in wanted:
            name, real = _read(entry, prefix)
            if name in real_by_name or real in name_by_real:
                raise InvalidSetting(_VARIABLE, entry, "names a topic that another entry has named")
            real_by_name[name] = real
            name_by_real[real] = name if name in _CATALOGUE_NAMES else real
        return cls(prefix, tuple(name_by_real), name_by_real, real_by_name)

    def catalogue_name(self, real: str) -> str:
        """The catalogue's name for a topic in Kafka; the name itself where it has none."""
        return self._catalogue_by_real.get(real, real)

    def real_name(self, catalogue: str) -> str:
        """What a topic of the catalogue is called in Kafka, also where no entry names it."""
        return self._real_by_catalogue.get(catalogue) or self.prefix + catalogue


def _read(entry: str, prefix: str) -> tuple[str, str]:
    name, equals, real = (part.strip() for part in entry.partition("="))
    if equals and name not in _CATALOGUE_NAMES:
        raise InvalidSetting(
            _VARIABLE,
            entry,
            f"has no topic of the catalogue before `=`: {', '.join(_CATALOGUE_NAMES)}",
        )
    if not equals:
        real = prefix + name
    if not _LEGAL_NAME.fullmatch(real) or real in {".", ".."}:
        raise InvalidSetting(
            _VARIABLE, entry, "is no name for Kafka: 1 to 249 characters of A-Z a-z 0-9 . _ -"
        )
    return name, real
