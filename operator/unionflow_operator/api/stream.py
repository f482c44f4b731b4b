"""A whole UnionflowStream, parsed once at the edge into a frozen value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from unionflow_operator.api.model import BROKEN_RULE, Rule
from unionflow_operator.api.spec import StreamSpec
from unionflow_operator.api.status import StreamStatus
from unionflow_operator.errors import InvalidStream

GROUP: Final = "unionflow.lions.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "UnionflowStream"
PLURAL: Final = "unionflowstreams"
SINGULAR: Final = "unionflowstream"
SHORT_NAME: Final = "ufs"
FINALIZER: Final = f"{GROUP}/topics"
LONGEST_NAME: Final = 46
"""63 characters of a label, less `-relay`, `-` and the ten of a ReplicaSet's hash."""
_LABEL: Final = r"[a-z]([-a-z0-9]*[a-z0-9])?"
NAME_RULES: Final = (
    Rule(
        f"size(self.metadata.name) <= {LONGEST_NAME}",
        f"the name of a stream has at most {LONGEST_NAME} characters, since names of pods are "
        "made from it: take a shorter one",
        holds=lambda name: len(name) <= LONGEST_NAME,
    ),
    Rule(
        f"self.metadata.name.matches('^{_LABEL}$')",
        "the name of a stream begins with a letter and has only a-z, 0-9 and -, since a Service "
        "is named after it",
        holds=lambda name: re.fullmatch(_LABEL, name) is not None,
    ),
)


class Stream(BaseModel):
    """One object of the API server, or of a file: then without uid and generation."""

    model_config = ConfigDict(frozen=True)

    name: str
    namespace: str
    uid: str
    """Empty where it comes from a file."""
    generation: int
    """Counts changes of the spec; 0 where it comes from a file."""
    resource_version: str
    """Of this very state; empty where it comes from a file."""
    created: str
    """RFC 3339 in UTC, which sorts as the times do; empty where it comes from a file."""
    deleted: str | None
    """When deletion was asked for; finalizers may hold it back."""
    finalizers: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: StreamSpec
    status: StreamStatus
    """As the operator last wrote it; empty where there is none, or none that can be read."""


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    namespace: str = "default"
    uid: str = ""
    generation: int = 0
    resource_version: str = Field("", alias="resourceVersion")
    creation_timestamp: str = Field("", alias="creationTimestamp")
    deletion_timestamp: str | None = Field(None, alias="deletionTimestamp")
    finalizers: tuple[str, ...] = ()
    labels: Mapping[str, str] = Field({})
    annotations: Mapping[str, str] = Field({})


class _Object(BaseModel):
    model_config = ConfigDict(extra="ignore")

    metadata: _Metadata
    spec: StreamSpec


def parse_stream(source: Mapping[str, Any]) -> Stream:
    """Read an object as the API server or a YAML file gives it.

    Raises:
        InvalidStream: with a line for each thing that is wrong: its path, what was found, what
            would do.
    """
    _check_kind(source)
    try:
        text = json.dumps(
            {"metadata": source.get("metadata"), "spec": source.get("spec")}, default=str
        )
        read = _Object.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [problem for problem in error.errors() if not _is_echo(problem)]
        raise InvalidStream(tuple(_line(problem) for problem in problems)) from None
    metadata = read.metadata
    for rule in NAME_RULES:
        if rule.holds is not None and not rule.holds(metadata.name):
            raise InvalidStream((f"metadata.name: {metadata.name!r}: {rule.message}",))
    return Stream(
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        generation=metadata.generation,
        resource_version=metadata.resource_version,
        created=metadata.creation_timestamp,
        deleted=metadata.deletion_timestamp,
        finalizers=metadata.finalizers,
        labels=metadata.labels,
        annotations=metadata.annotations,
        spec=read.spec,
        status=parse_status(source.get("status")),
    )


def parse_status(source: object) -> StreamStatus:
    """The status as it was last written; an empty one where it cannot be read.

    Whoever may write the status may write anything: that must not hold up the stream.
    """
    try:
        text = json.dumps(source if source is not None else {}, default=str)
        return StreamStatus.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError:
        return StreamStatus()


def _check_kind(source: Mapping[str, Any]) -> None:
    found = (source.get("apiVersion"), source.get("kind"))
    if found != (API_VERSION, KIND):
        raise InvalidStream(
            (f"apiVersion, kind: {found[0]}, {found[1]} is no {KIND}: say {API_VERSION}, {KIND}",)
        )


def _is_echo(problem: ErrorDetails) -> bool:
    """Whether it says that a list is too short, of which single entries are wrong."""
    return problem["type"] == "too_short" and bool(problem["input"])


def _line(problem: ErrorDetails) -> str:
    """`spec.topics[2].partitions: 0 should be greater than or equal to 1`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]]
    path = "".join(parts).removeprefix(".")
    context = problem.get("ctx", {})
    if problem["type"] == BROKEN_RULE:
        return f"{'.'.join(filter(None, (path, context['field'])))}: {context['message']}"
    if problem["type"] == "missing":
        return f"{path}: is missing"
    if problem["type"] == "extra_forbidden":
        return f"{path}: there is no such field; `kubectl explain ufs.spec` lists them"
    return f"{path}: {_shown(problem['input'])} {problem['msg'].removeprefix('Input ')}"


def _shown(found: object) -> str:
    text = json.dumps(found, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
