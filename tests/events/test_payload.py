import datetime as dt
import json
import math
import re
import uuid
from collections import OrderedDict
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_events import InvalidPayload
from unionflow_events.payload import MAX_DEPTH, require_json


class Colour(StrEnum):
    GREEN = "green"


class Money(int):
    pass


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def cyclic() -> dict[str, Any]:
    value: dict[str, Any] = {"a": {}}
    value["a"]["b"] = [value]
    return value


REFUSED = [
    (
        "a decimal deep inside",
        {"items": [{}, {}, {"amount": Decimal(1)}]},
        "data.items[2].amount: Decimal is no JSON; pass a string",
    ),
    ("not a number", {"a": math.nan}, "data.a: nan is no JSON; pass null or leave it out"),
    ("infinity", {"a": [math.inf]}, "data.a[0]: inf is no JSON; pass null or leave it out"),
    ("a key that is no text", {"a": {1: 2}}, "data.a: has a key that is a int"),
    ("65 bits", {"a": 2**63}, "data.a: the integer has more than 64 bits; pass a string"),
    ("65 bits below", {"a": -(2**63) - 1}, "data.a: the integer has more than 64 bits"),
    ("a lone surrogate", {"a": "\ud800"}, "data.a: has a lone surrogate"),
    ("a lone surrogate as key", {"\ud800": 1}, r"data['\ud800']: has a lone surrogate"),
    ("a cycle", cyclic(), "data.a.b[0]: contains itself; JSON has no cycles"),
    ("too deep", nested(MAX_DEPTH + 1), f"is nested deeper than {MAX_DEPTH} levels"),
    ("a key that is no name", {"a b": b""}, "data['a b']: bytes is no JSON; pass a string"),
    ("a day", {"a": dt.date(2026, 1, 1)}, "data.a: date is no JSON; pass an RFC 3339"),
    (
        "a moment",
        {"a": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        "data.a: datetime is no JSON; pass an",
    ),
    ("a time of day", {"a": dt.time()}, "data.a: time is no JSON; pass a string"),
    ("a UUID", {"a": uuid.UUID(int=0)}, "data.a: UUID is no JSON; pass a string"),
    ("a set", {"a": {1}}, "data.a: set is no JSON; pass a list"),
    ("a member of an enumeration", {"a": Colour.GREEN}, "data.a: Colour is no JSON; pass its"),
    ("an int of one's own", {"a": Money(1)}, "data.a: Money is no JSON; pass a plain int"),
    ("a mapping that is no dict", {"a": MappingProxyType({})}, "data.a: mappingproxy is no JSON"),
    ("an object", {"a": object()}, "data.a: object is no JSON"),
]


@pytest.mark.parametrize(
    ("value", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_no_json_is_refused_with_the_path_to_it(value: Any, message: str) -> None:
    with pytest.raises(InvalidPayload, match=re.escape(message)) as refusal:
        require_json(value, "data")

    assert str(refusal.value).startswith(f"{refusal.value.path}: ")


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, -(2**63), 2**63 - 1, 0.5, -0.0, True, None, "é", "\x00", "😀"]},
        {"a": (1, 2)},
        OrderedDict(a=1),
        nested(MAX_DEPTH),
        [],
    ],
)
def test_what_is_json_is_taken(value: Any) -> None:
    require_json(value, "data")


def test_the_same_object_twice_side_by_side_is_no_cycle() -> None:
    shared = {"a": 1}

    require_json([shared, shared, {"b": shared}], "data")


def test_a_long_key_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidPayload) as refusal:
        require_json({"k" * 100_000: object()}, "data")

    assert len(str(refusal.value)) < 200


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.decimals()
    | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_what_is_taken_is_just_what_survives_as_json(value: Any) -> None:
    def survives() -> bool:
        try:
            text = json.dumps(value, allow_nan=False, ensure_ascii=False)
            return json.loads(text.encode()) == value and not has_wide_integer(value)
        except (TypeError, ValueError):
            return False

    try:
        require_json(value, "data")
    except InvalidPayload:
        assert not survives()
    else:
        assert survives()


def has_wide_integer(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_wide_integer, value.values()))
    if isinstance(value, list):
        return any(map(has_wide_integer, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63
