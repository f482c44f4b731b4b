"""A plan for those who read it: people by its lines, programs by JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unionflow_operator.core.plan import (
    Apply,
    CreateTopic,
    DeleteTopic,
    GrowTopic,
    Plan,
    Prune,
    SetFinalizer,
    SetTopicConfig,
    Step,
)


def changes_as_json(made: Plan) -> Sequence[Mapping[str, Any]]:
    """Each change with `action`, `kind`, `name`, `why` and, as `words`, the lines for people.

    Of changed objects `fields` has each with `path`, `from` and `to`; null is "not there".
    """
    return [_as_json(step) for step in made.changes]


def _as_json(step: Step) -> Mapping[str, Any]:
    words = {"words": list(step.describe())}
    match step:
        case CreateTopic() | GrowTopic() | SetTopicConfig() | DeleteTopic():
            action = {
                CreateTopic: "create",
                GrowTopic: "grow",
                SetTopicConfig: "configure",
                DeleteTopic: "delete",
            }[type(step)]
            return _entry(action, "Topic", step.topic, step.why) | words
        case Apply():
            action = "create" if step.why == "missing" else "change"
            fields = [{"path": one.path, "from": one.now, "to": one.wanted} for one in step.changes]
            entry = _entry(action, step.key.kind, step.key.name, step.why)
            return {**entry, "fields": fields, **words}
        case Prune():
            return _entry("delete", step.key.kind, step.key.name, step.why) | words
        case SetFinalizer():
            action = "add" if step.wanted else "remove"
            return _entry(action, "Finalizer", "", step.why) | words
        case _:
            raise AssertionError(f"{type(step).__name__} changes nothing")


def _entry(action: str, kind: str, name: str, why: str) -> dict[str, Any]:
    return {"action": action, "kind": kind, "name": name, "why": why}
