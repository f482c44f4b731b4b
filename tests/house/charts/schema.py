"""A chart's values.schema.json: of its values, of the definition of streams, and of the settings.

Draft 7: Helm before 3.18 knows no later one. Every object is closed, so that a name that is
mistyped is refused with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from tests.house.charts.values import Value
from unionflow_backend.settings import Settings as BackendSettings
from unionflow_operator.api.crd import definition
from unionflow_operator.core.policy import Policy
from unionflow_operator.settings import Settings as OperatorSettings
from unionflow_runtime.settings import ProcessSettings

_HERE: Final = Path(__file__).parent
_REFERENCE: Final = re.compile(r'"#/definitions/([^"]+)"')
_TYPES: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
# What the charts set themselves, from values of their own.
SET_BY_CHART: Final = frozenset(
    {
        *("UNIONFLOW_HOST", "UNIONFLOW_PORT", "UNIONFLOW_MANAGEMENT_PORT", "KUBECONFIG"),
        *("UNIONFLOW_NAMESPACES", "UNIONFLOW_RELAY_IMAGE", "UNIONFLOW_POLICY_FILE"),
        *("UNIONFLOW_AUTH", "UNIONFLOW_JWT_JWKS_URL", "UNIONFLOW_JWT_SECRET"),
        *("UNIONFLOW_JWT_ISSUER", "UNIONFLOW_JWT_AUDIENCE", "UNIONFLOW_JWT_ORGANIZATIONS_CLAIM"),
        *("UNIONFLOW_JWT_ROLES_CLAIM", "UNIONFLOW_JWT_MAX_AGE_SECONDS", "UNIONFLOW_BASE_PATH"),
        *("UNIONFLOW_ALLOWED_ORIGINS", "UNIONFLOW_TOPIC_PREFIX", "UNIONFLOW_DATABASE_URL"),
        *("UNIONFLOW_DATABASE_MIGRATE", "UNIONFLOW_PUBLIC_API_URL"),
        *("UNIONFLOW_PUBLIC_WEBSOCKET_URL", "UNIONFLOW_OIDC_ISSUER", "UNIONFLOW_OIDC_CLIENT_ID"),
        *("POD_NAME", "POD_NAMESPACE", "UNIONFLOW_RUNBOOKS_URL"),
    }
)


def schema_text(values: Value, title: str) -> str:
    """values.schema.json."""
    body = _closed(values)
    body["properties"]["global"] = {
        "type": "object",
        "description": "Of the chart that this one is a part of; not read.",
    }
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": title}
    whole = {**head, **body, "definitions": _used(json.dumps(body))}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _closed(value: Value) -> dict[str, Any]:
    properties = {part.path[-1]: _of(part) for part in value.parts}
    closed = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**closed, "description": value.text} if value.text else closed


def _of(value: Value) -> dict[str, Any]:
    if value.parts:
        return _closed(value)
    told = {} if "$ref" in value.schema else {"type": _TYPES.get(type(value.default), "null")}
    return {**told, **value.schema, "description": value.text}


def _used(text: str) -> dict[str, Any]:
    """The definitions that are referred to, directly or by one another."""
    found: dict[str, Any] = {}
    waiting = set(_REFERENCE.findall(text))
    while waiting:
        name = min(waiting)
        found[name] = definitions()[name]
        waiting |= set(_REFERENCE.findall(json.dumps(found[name])))
        waiting -= found.keys()
    return dict(sorted(found.items()))


@cache
def definitions() -> Mapping[str, Any]:
    """What values may refer to: of Kubernetes (definitions.yaml), of streams, of the settings."""
    written: dict[str, Any] = yaml.safe_load((_HERE / "definitions.yaml").read_text())
    spec = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    streams = {f"stream.{name}": _plain(part) for name, part in spec["properties"].items()}
    del streams["stream.topics"]["minItems"]  # none is to the chart what left out is to a stream
    settings = {
        "settings.backend": _settings(BackendSettings),
        "settings.operator": _settings(OperatorSettings),
    }
    return {**written, **streams, **settings, **_policy()}


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Of the API server's schema what JSON Schema knows, closed. Rules over fields stay with it."""
    kept = {
        name: value
        for name, value in schema.items()
        if not name.startswith("x-kubernetes") and name not in {"default", "nullable", "format"}
    }
    if "enum" in schema:  # what would do, and not that `no` is no text
        del kept["type"]
    if schema.get("x-kubernetes-int-or-string"):
        kept["type"] = ["integer", "number", "string"]
        kept = {name: value for name, value in kept.items() if name not in {"anyOf", "pattern"}}
    if "properties" in schema:
        parts = {name: _plain(part) for name, part in schema["properties"].items()}
        kept |= {"properties": parts, "additionalProperties": False}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            kept[name] = _plain(schema[name])
    return kept


def _settings(model: type[ProcessSettings]) -> dict[str, Any]:
    properties = {
        str(field.alias): _setting(field)
        for field in model.model_fields.values()
        if field.alias not in SET_BY_CHART
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _setting(field: FieldInfo) -> dict[str, Any]:
    kind = field.annotation
    told: dict[str, Any] = {"description": field.description}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind], **told}
    if isinstance(field.default, bool):
        return {"type": "boolean", **told}
    if isinstance(field.default, int | float):
        return {"type": "number", **dict(_bounds(field)), **told}
    literals = getattr(kind, "__args__", ())
    if literals and all(isinstance(one, str) for one in literals):
        return {"enum": list(literals), **told}
    return {"type": "string", **told}


def _bounds(field: FieldInfo) -> Iterator[tuple[str, object]]:
    for rule in field.metadata:
        if isinstance(rule, Ge):
            yield "minimum", rule.ge
        if isinstance(rule, Le):
            yield "maximum", rule.le


def _policy() -> Mapping[str, Any]:
    schema = Policy.model_json_schema(by_alias=True, ref_template="#/definitions/policy.{model}")
    parts = schema.pop("$defs")
    named = {f"policy.{name}": part for name, part in parts.items()}
    return {"policy": schema, **named}
