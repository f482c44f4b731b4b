"""docs/reference/crd.md, written from the schema that the API server holds objects to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from unionflow_operator.api.crd import definition
from unionflow_operator.api.stream import API_VERSION, KIND, LONGEST_NAME, SHORT_NAME

Schema = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]
# Written out in Kubernetes' own reference, and here field by field in `kubectl explain`.
_AS_IN_KUBERNETES = {
    *("affinity", "tolerations", "labelSelector", "podSelector", "namespaceSelector"),
    "topologySpreadConstraints",
}


def crd_page(notice: str, table: Table) -> str:
    """The page. notice: its first line. table: makes a Markdown table of a head and rows."""
    parts = _schema()["properties"]
    sections = [
        section
        for name in ("spec", "status")
        for section in _sections(name, parts[name], "", table)
    ]
    columns = definition()["spec"]["versions"][0]["additionalPrinterColumns"]
    shown = table(("column", "meaning"), [(one["name"], one["description"]) for one in columns])
    return f"""{notice}

# UnionflowStream

`{API_VERSION}`, kind `{KIND}`, short name `{SHORT_NAME}`. One object is one stream: its topics in
Kafka, its relays and all around them. A name has at most {LONGEST_NAME} characters, begins with a
letter and has only `a-z`, `0-9` and `-`.

`kubectl explain {SHORT_NAME}.spec` shows the same as this page. Objects to start from lie in
`manifests/samples`, from ten lines to every field that there is.

What is left out is filled in when the object is applied, so `kubectl get {SHORT_NAME} NAME -o yaml`
shows all that holds. What cannot be right is refused then, with a sentence that says what would do.
A field that is not there is refused too.

Words such as `on` and `off` are `Always` and `Never` here: YAML reads the former as true and false.

`kubectl scale {SHORT_NAME}/NAME --replicas=N` sets `spec.relay.replicas`. An autoscaler of your own
cannot take hold of a stream; `spec.relay.autoscaling` makes one.

## Columns of `kubectl get {SHORT_NAME}`

{shown}

## Versions

`v1alpha1` is the only version that is served, and the one that is stored. A later version is first
served beside it, with the same fields and without conversion (`strategy: None`): the API server
changes `apiVersion` and nothing else, so either reads what the other wrote. The old one stops being
served only when no stored object is of it any more:

```
kubectl get crd unionflowstreams.unionflow.lions.dev -o jsonpath='{{.status.storedVersions}}'
```

A field is never renamed, nor given another meaning, within a version.

{chr(10).join(sections)}"""


def _schema() -> Schema:
    schema: Schema = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def _sections(where: str, schema: Schema, note: str, table: Table) -> Iterator[str]:
    """A section for an object, and one for each object within."""
    needed = schema.get("required", ())
    rows = [
        (f"`{name}`", _type(part), _default(name, part, needed), part["description"])
        for name, part in schema["properties"].items()
    ]
    body = table(("field", "type", "default", "meaning"), rows)
    yield f"## {where}\n\n{note}{body}\n{_rules(schema)}"
    for name, part in schema["properties"].items():
        inner = part.get("items", part)
        if "properties" in inner and name not in _AS_IN_KUBERNETES:
            mark = "[]" if "items" in part else ""
            yield from _sections(
                f"{where}.{name}{mark}", inner, f"{part['description']}\n\n", table
            )


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    kind = schema.get("type")
    if kind == "integer":
        least, most = schema.get("minimum"), schema.get("maximum")
        return f"{least} to {most}" if most is not None else "number"
    return {"string": "text", "boolean": "true, false", "object": "object"}.get(
        str(kind), "text or number"
    )


def _default(name: str, schema: Schema, needed: Sequence[str]) -> str:
    if name in needed or name == "auth":
        return "**required**"
    if "default" not in schema or schema["default"] in ("", [], {}):
        return ""
    if "properties" in schema.get("items", schema):
        return "" if "items" not in schema else "see there"
    return f"`{json.dumps(schema['default']).strip(chr(34))}`"


def _rules(schema: Schema) -> str:
    rules = schema.get("x-kubernetes-validations", ())
    lines = "\n".join(f"- {rule['message']}" for rule in rules)
    return f"\nRefused, with these words:\n\n{lines}\n" if lines else ""
