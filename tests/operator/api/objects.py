"""Streams as people write them, and how the API server takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from unionflow_operator.api.stream import API_VERSION, GROUP, KIND, PLURAL, VERSION

Object = dict[str, Any]
SMALLEST: Mapping[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"jwksUrl": "https://id.mutuelle.example/certs"},
}


def stream(name: str = "mutuelle", /, **spec: Any) -> Object:
    """A stream with the least that is needed, and `spec` laid over it; None takes a field away."""
    whole = {key: value for key, value in {**SMALLEST, **spec}.items() if value is not None}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name},
        "spec": whole,
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said: the object, or `path: words` of all that it refused."""

    object: Object
    refusals: tuple[str, ...]


def path(namespace: str, name: str = "") -> str:
    """Where streams of a namespace are, or one of them."""
    streams = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}"
    return f"{streams}/{name}" if name else streams


def try_create(client: httpx.Client, source: Object) -> Answer:
    """Have the API server check a new stream, as `kubectl apply` does, without keeping it."""
    asked = {"dryRun": "All", "fieldValidation": "Strict"}
    return _answer(client.post(path("default"), json=source, params=asked))


def create(client: httpx.Client, namespace: str, source: Object) -> Answer:
    """Make a stream."""
    return _answer(client.post(path(namespace), json=source))


def try_change(client: httpx.Client, namespace: str, name: str, patch: object) -> Answer:
    """Have a merge patch of a stream checked, without keeping it."""
    headers = {"Content-Type": "application/merge-patch+json"}
    asked = {"dryRun": "All"}
    answer = client.patch(path(namespace, name), json=patch, params=asked, headers=headers)
    return _answer(answer)


def _answer(answer: httpx.Response) -> Answer:
    said = answer.json()
    if answer.is_success:
        return Answer(said, ())
    causes = said.get("details", {}).get("causes", [])
    lines = tuple(f"{cause.get('field', '')}: {cause['message']}" for cause in causes)
    return Answer({}, lines or (said["message"],))
