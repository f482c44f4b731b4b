"""The two charts, and what the real Helm makes of them with some values."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python
import yaml

from tests.house.files import ROOT

OPERATOR, STACK = ROOT / "charts/unionflow-operator", ROOT / "charts/unionflow"
NAMESPACE = "prod"
Values = Mapping[str, Any]
Object = Mapping[str, Any]
SMALLEST: Values = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "database": {"host": "postgres"},
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """notes: what a person reads. objects: of all templates, hooks and tests among them."""

    notes: str
    objects: Sequence[Object]

    def of(self, kind: str) -> Sequence[Object]:
        """All of a kind."""
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind: str, suffix: str = "") -> Object:
        """The only one of a kind whose name ends so."""
        found = [one for one in self.of(kind) if one["metadata"]["name"].endswith(suffix)]
        assert len(found) == 1, [one["metadata"]["name"] for one in self.of(kind)]
        return found[0]

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Every pod, with the name of what makes it: a Deployment, a Job, or itself."""
        for one in self.objects:
            if one["kind"] == "Pod":
                yield one["metadata"]["name"], one
            elif "template" in one.get("spec", {}):
                yield one["metadata"]["name"], one["spec"]["template"]


def labels_of(one: Object) -> Mapping[str, str]:
    """An object's, or a pod template's."""
    labels: Mapping[str, str] = one["metadata"].get("labels", {})
    return labels


def container_of(maker: Object) -> Object:
    """The one container of what a Deployment or a Job makes."""
    container: Object = maker["spec"]["template"]["spec"]["containers"][0]
    return container


def render(chart: Path, values: Values, name: str = "mutuelle") -> Rendered:
    """As `helm template` does it. Raises helm_python.HelmError."""
    with helm_python.Chart.load(chart) as loaded:
        loaded.validate_schema(dict(values))
        files = loaded.render(dict(values), name=name, namespace=NAMESPACE)
    notes = next(text for path, text in files.items() if path.endswith("NOTES.txt"))
    made = (text for path, text in files.items() if path.endswith(".yaml"))
    return Rendered(
        notes, [one for text in made for one in yaml.load_all(text, _LOADER) if one is not None]
    )


# The definition of streams is rendered many times: C's loader is ten times faster.
_LOADER = yaml.CSafeLoader


def with_values(base: Values, *others: Values) -> dict[str, Any]:
    """`base`, and what the others say over it, as Helm merges files of values."""
    whole: dict[str, Any] = copy.deepcopy(dict(base))
    for other in others:
        for key, value in other.items():
            below = whole.get(key)
            merges = isinstance(below, dict) and isinstance(value, Mapping)
            whole[key] = with_values(below or {}, value) if merges else value
    return whole
