"""An event's `data` from what a person gives; its first mistake by line and column, and a hint."""

from __future__ import annotations

import json
from typing import Any

from unionflow_cli.errors import BadInput


def parse_data(text: str, source: str) -> dict[str, Any]:
    """The JSON object in `text`. `source` names it in errors: "--data", a file, "stdin".

    Raises:
        BadInput: it is no JSON, or no object, or has a name twice, NaN or Infinity in it.
    """
    if not text.strip():
        raise BadInput(f"{source} is empty", """an event without details has --data '{}'""")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise BadInput(f"{source}: {where}: {_sentence(problem)}", _hint(text)) from problem
    except RecursionError as problem:
        raise BadInput(f"{source} is nested too deeply") from problem
    except ValueError as problem:
        raise BadInput(f"{source}: {problem}") from problem
    if not isinstance(value, dict):
        found = _NAMES.get(type(value), "something else")
        advice = """an object has names: --data '{"text": "Bonjour"}'"""
        raise BadInput(f"{source}: data is a JSON object, and this is {found}", advice)
    return value


_NAMES: dict[type, str] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'the name "{name}" is there twice')
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _sentence(problem: json.JSONDecodeError) -> str:
    return problem.msg[:1].lower() + problem.msg[1:]


def _hint(text: str) -> str:
    if "{" not in text:
        return "to read a file write --data @FILE, to read standard input --data -"
    if "'" in text and '"' not in text:
        return """JSON wants double quotes: --data '{"text": "Bonjour"}'"""
    return ""
