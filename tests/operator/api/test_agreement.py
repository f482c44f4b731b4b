"""The API server and the models accept and refuse the same streams, and fill them in alike.

Streams are made at random from the schema itself, some of them spoiled in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.operator.api.objects import Object, stream, try_create
from tests.operator.api.test_definition import schema_of
from tests.support.apiserver import ApiServer
from unionflow_operator.api.stream import parse_stream
from unionflow_operator.errors import InvalidStream

EXAMPLES = 12  # of each part; when the models change, try 400
WIDEST = 3  # entries of a list or a map
TEXTS = st.characters(codec="utf-8", exclude_characters="\0")
SPOILED = st.sampled_from(
    ["", " ", "x" * 300, "Not/Legal", "a..b", "-1", -1, 0, 10**12, True, [], {}, {"un": "heard"}]
)


def legal(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows; its rules may still refuse them."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            return objects(schema)
        case "array":
            most = min(schema["maxItems"], WIDEST)
            return st.lists(
                legal(schema["items"]), min_size=schema.get("minItems", 0), max_size=most
            )
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "boolean":
            return st.booleans()
        case "string":
            return texts(schema)
        case _:  # an int-or-string
            numbers = st.integers(schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1))
            return numbers | texts(schema)


def texts(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema["maxLength"]
    if "pattern" not in schema:
        return st.text(TEXTS, min_size=least, max_size=min(most, 20))
    made = st.from_regex(schema["pattern"], fullmatch=True)
    return made.filter(lambda text: least <= len(text) <= most)


def objects(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "additionalProperties" in schema:
        names = st.text(TEXTS, min_size=1, max_size=10) | st.just("min.insync.replicas")
        return st.dictionaries(names, legal(schema["additionalProperties"]), max_size=WIDEST)
    parts = {name: legal(part) for name, part in schema.get("properties", {}).items()}
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in needed},
        optional={name: part for name, part in parts.items() if name not in needed},
    )


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within, with each of its keys."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(entries):
        yield value, key
        if isinstance(part, dict | list):
            yield from places(part)


def spoil(data: st.DataObject, spec: Object) -> None:
    """Put something else in one place of it, in one case of two."""
    if data.draw(st.booleans()):
        found = list(places(spec))
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = data.draw(SPOILED)


SPEC = schema_of("spec")


def accepted(source: Object) -> Any:
    """What the models make of it, as the API server would give it back; None where they refuse."""
    try:
        return parse_stream(source).spec
    except InvalidStream:
        return None


@pytest.mark.parametrize("part", sorted(SPEC["properties"]))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_part_in_an_otherwise_good_spec_is_judged_alike(
    apiserver: ApiServer, part: str, data: st.DataObject
) -> None:
    spec = {part: data.draw(legal(SPEC["properties"][part]))}
    spoil(data, spec)
    judge(apiserver, stream(**spec))


def judge(apiserver: ApiServer, source: Object) -> None:
    ours = accepted(source)
    answer = try_create(apiserver.client, source)
    assert (ours is None) == bool(answer.refusals), (ours, answer.refusals)
    if ours is not None:
        assert parse_stream(answer.object).spec == ours
