"""Streams of a YAML file: all of them, or everything that is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from unionflow_cli.plan.errors import InvalidDocuments
from unionflow_operator.api.stream import KIND, Stream, parse_stream
from unionflow_operator.errors import InvalidStream


def read_documents(text: str, namespace: str | None) -> tuple[Stream, ...]:
    """Read YAML or JSON: documents, or a `List` of them. Other kinds are passed over.

    namespace: of streams that name none (`default` otherwise); one that names another is refused,
    as kubectl refuses it.

    Raises:
        InvalidDocuments: it is no YAML, has no stream, or one that is refused.
    """
    streams: list[Stream] = []
    problems: list[str] = []
    for place, document in _documents(text):
        if isinstance(document, Mapping) and document.get("kind") not in {KIND, None}:
            continue  # what else a file holds is kubectl's
        try:
            streams.append(_stream(document, namespace))
        except InvalidStream as error:
            problems += [f"{place}{problem}" for problem in error.problems]
    names = [(stream.namespace, stream.name) for stream in streams]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"metadata.name: {'/'.join(twice)} is there more than once: name it once")
    if problems:
        raise InvalidDocuments(tuple(problems))
    if not streams:
        raise InvalidDocuments((f"there is no {KIND} in it",))
    return tuple(streams)


def _documents(text: str) -> Iterator[tuple[str, object]]:
    """Each document that is not empty, with what to say before its problems."""
    try:
        found = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise InvalidDocuments((f"{where}no YAML: {error.problem}",)) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise InvalidDocuments((f"no YAML: {' '.join(str(error).split())}",)) from None
    items: list[object] = []
    for document in found:
        is_list = isinstance(document, Mapping) and document.get("kind") == "List"
        items += (document.get("items") or ()) if is_list else [document]
    for number, item in enumerate(items, start=1):
        yield (f"document {number}: " if len(items) > 1 else ""), item


def _stream(document: object, namespace: str | None) -> Stream:
    if not isinstance(document, Mapping):
        raise InvalidStream((f"{str(document)[:40]!r} is no object: say apiVersion, kind, spec",))
    metadata: Any = document.get("metadata")
    if not isinstance(metadata, Mapping):
        return parse_stream(document)  # which says what is wrong with it
    said = metadata.get("namespace")
    if namespace is not None and said not in {None, namespace}:
        raise InvalidStream(
            (f"metadata.namespace: {said!r} is not --namespace {namespace}: leave one of them out",)
        )
    kept = {name: metadata[name] for name in ("name", "labels", "annotations") if name in metadata}
    where = said or namespace or "default"
    return parse_stream({**document, "metadata": {**kept, "namespace": where}, "status": None})
