"""What may not change in a stream that exists: said before the API server says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from unionflow_operator.api.model import Rule
from unionflow_operator.api.spec import StreamSpec
from unionflow_operator.api.topics import Topic


def refused_changes(before: StreamSpec, after: StreamSpec) -> tuple[str, ...]:
    """A line for each change that is refused at apply: its path, and what would do."""
    lines = list(_broken("spec", StreamSpec.RULES, before, after))
    old = {topic.name: topic for topic in before.topics}
    for number, topic in enumerate(after.topics):
        if topic.name in old:
            lines += _broken(f"spec.topics[{number}]", Topic.RULES, old[topic.name], topic)
    return tuple(lines)


def _broken(path: str, rules: Sequence[Rule], before: Any, after: Any) -> Iterator[str]:
    for rule in rules:
        if rule.keeps is not None and not rule.keeps(before, after):
            yield f"{path}{rule.field}: {_found(rule, before, after)}{rule.message}"


def _found(rule: Rule, before: Any, after: Any) -> str:
    for name, field in type(before).model_fields.items():
        if rule.field and field.alias == rule.field.removeprefix("."):
            return f"from {getattr(before, name)!r} to {getattr(after, name)!r}: "
    return ""
