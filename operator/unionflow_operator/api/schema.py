"""Models as structural schemas, the form of JSON schema that the API server understands.

No references, no `anyOf` with null, no titles. A default that is a model is written out whole: the
API server holds defaults to the CEL rules before it fills in what is nested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from unionflow_operator.api.model import Model

_KEPT: Final = (
    *("description", "type", "format", "enum", "pattern", "default", "required"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties"),
)


class _WholeDefaults(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            return dft.model_dump(mode="json", by_alias=True, exclude_none=True)
        if isinstance(dft, tuple):
            return [self.encode_default(one) for one in dft]
        return super().encode_default(dft)


def structural_schema(model: type[Model]) -> dict[str, Any]:
    """The schema of a model, whole."""
    source = model.model_json_schema(schema_generator=_WholeDefaults)
    return _structural(source, source.get("$defs", {}))


def _structural(source: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    flat = _flat(source, defs)
    schema: dict[str, Any] = {name: flat[name] for name in _KEPT if name in flat}
    schema |= {name: value for name, value in flat.items() if name.startswith("x-kubernetes-")}
    if "properties" in flat:
        schema["properties"] = {
            name: _structural(part, defs) for name, part in sorted(flat["properties"].items())
        }
    if isinstance(flat.get("additionalProperties"), dict):
        schema["additionalProperties"] = _structural(flat["additionalProperties"], defs)
    if "items" in flat:
        schema["items"] = _structural(flat["items"], defs)
        schema.setdefault("x-kubernetes-list-type", "atomic")
    return schema


def _flat(source: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """With its reference followed, and without the null that stands for left out."""
    flat = dict(source)
    optional = [part for part in flat.pop("anyOf", ()) if part.get("type") != "null"]
    if optional:
        flat = {**_flat(optional[0], defs), **flat}
    if "$ref" in flat:
        target = defs[flat.pop("$ref").rsplit("/", 1)[1]]
        flat = {**_flat(target, defs), **flat}
    if "const" in flat:
        flat["enum"] = [flat.pop("const")]
    if flat.get("default", "") is None:
        del flat["default"]
    return flat
