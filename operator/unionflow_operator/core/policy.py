"""What each namespace may ask of the operator, so that nobody gets more through it than they had.

The operator reaches brokers and writes objects with its own rights. Whoever runs it says here for
whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unionflow_operator.errors import InvalidPolicy


class Deletion(StrEnum):
    """Which topics may be deleted where a stream's own policy says `Delete`."""

    NONE = "None"
    CREATED = "Created"  # those that the stream itself has made
    ALL = "All"  # adopted ones too


class NamespaceRule(BaseModel):
    """What the streams of a namespace may ask. `*` and `?` stand for any text, any character."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: tuple[str, ...] = Field(
        ("*",),
        alias="bootstrapServers",
        description="Patterns of `host:port`; each server of a stream must fit one.",
    )
    topic_prefixes: tuple[str, ...] = Field(
        ("",),
        alias="topicPrefixes",
        description="How names of topics in Kafka may begin; the empty text allows all.",
    )
    images: tuple[str, ...] = Field(
        ("*",), description="Patterns of the relay's image; the operator's own default always fits."
    )
    deletion: Deletion = Field(
        Deletion.CREATED, description="Which topics may be deleted: `None`, `Created`, `All`."
    )

    def refusals(
        self, servers: Iterable[str], topics: Iterable[str], image: str | None
    ) -> tuple[str, ...]:
        """What of this is not allowed, a sentence each.

        image: None for the operator's default.
        """
        refused = [
            f"bootstrap server {server} is not allowed here; {_listed(self.bootstrap_servers)} is"
            for server in servers
            if not _fits(server, self.bootstrap_servers)
        ]
        refused += [
            f"topic {topic} is not allowed here; names begin with {_listed(self.topic_prefixes)}"
            for topic in topics
            if not topic.startswith(self.topic_prefixes)
        ]
        if image is not None and not _fits(image, self.images):
            refused.append(f"image {image} is not allowed here; {_listed(self.images)} is")
        return tuple(refused)


class Policy(BaseModel):
    """The rules of all namespaces. One not named has `default`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: NamespaceRule = Field(default_factory=NamespaceRule)
    namespaces: Mapping[str, NamespaceRule] = Field(
        default_factory=dict,
        description="By name, or by a pattern with `*`; the name wins, then the longest pattern. "
        "What an entry leaves out is as in `default`.",
    )

    def rule(self, namespace: str) -> NamespaceRule:
        """What holds in a namespace."""
        if namespace in self.namespaces:
            return self.namespaces[namespace]
        fitting = [name for name in self.namespaces if fnmatchcase(namespace, name)]
        if not fitting:
            return self.default
        return self.namespaces[max(fitting, key=lambda name: (len(name), name))]


def parse_policy(document: object) -> Policy:
    """Read a policy file's content; None (an empty file) is the default for all.

    Raises:
        InvalidPolicy: a line for each thing that is wrong, saying where.
    """
    if document is None:
        return Policy()
    try:
        return Policy.model_validate(_inherited(document))
    except ValidationError as error:
        lines = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        raise InvalidPolicy("\n".join(lines)) from None


def _inherited(document: object) -> object:
    if not isinstance(document, dict) or not isinstance(document.get("namespaces"), dict):
        return document
    default = document.get("default")
    base: dict[str, Any] = default if isinstance(default, dict) else {}
    entries = document["namespaces"].items()
    named = {name: {**base, **rule} if isinstance(rule, dict) else rule for name, rule in entries}
    return {**document, "namespaces": named}


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the policy"


def _fits(value: str, patterns: Iterable[str]) -> bool:
    # A `[` begins no set here: IPv6 addresses have them.
    return any(fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in patterns)


def _listed(patterns: Iterable[str]) -> str:
    return " or ".join(pattern or '""' for pattern in patterns) or "nothing"
