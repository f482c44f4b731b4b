"""What `publish --data` takes, and where it says the mistake is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_cli.core.payload import parse_data
from unionflow_cli.errors import BadInput


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b" 2}', "--data: line 2, column 6: expecting ':' delimiter"),
        ("", "--data is empty"),
        ("[1]", "--data: data is a JSON object, and this is an array"),
        ("null", "--data: data is a JSON object, and this is null"),
        ('{"a": NaN}', "--data: NaN is no JSON number"),
        ('{"a": 1, "a": 2}', '--data: the name "a" is there twice'),
        ('{"a": ' * 100_000, "--data is nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_data(text, "--data")
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("{'text': 1}", """JSON wants double quotes: --data '{"text": "Bonjour"}'"""),
        ("event.json", "to read a file write --data @FILE, to read standard input --data -"),
    ],
)
def test_the_usual_mistakes_get_a_hint(text: str, advice: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_data(text, "--data")
    assert refused.value.advice == advice


def test_an_object_is_taken() -> None:
    assert parse_data(' {"text": "Bonjour"}\n', "stdin") == {"text": "Bonjour"}


@given(st.text())
def test_any_text_is_an_object_or_bad_input(text: str) -> None:
    with contextlib.suppress(BadInput):
        assert isinstance(parse_data(text, "--data"), dict)
