"""What every object of a stream has in common: names, labels, owner, and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unionflow_operator.api.stream import API_VERSION, KIND, Stream
from unionflow_operator.core.observed import ChildKey, Manifest

MANAGER: Final = "unionflow-operator"
CLIENT_PORT: Final = 8085
MANAGEMENT_PORT: Final = 9085

# Maps of texts, in which an empty text means something.
_TEXTS: Final = frozenset({"annotations", "labels", "matchLabels", "nodeSelector", "data"})
# An empty one of these is a choice.
_MEANT: Final = frozenset({"emptyDir", "namespaceSelector", "podSelector"})


def relay_name(stream: Stream) -> str:
    """What the stream's objects are called."""
    return f"{stream.name}-relay"


def selector(stream: Stream) -> dict[str, str]:
    """The labels that find a stream's relays. They never change: a Deployment's cannot."""
    return {"app.kubernetes.io/name": "unionflow-relay", "app.kubernetes.io/instance": stream.name}


def labels(stream: Stream) -> dict[str, str]:
    """The recommended labels."""
    return {
        **selector(stream),
        "app.kubernetes.io/component": "relay",
        "app.kubernetes.io/part-of": "unionflow-streams",
        "app.kubernetes.io/managed-by": MANAGER,
    }


def child(
    stream: Stream,
    api_version: str,
    kind: str,
    content: Mapping[str, Any],
    *,
    name: str | None = None,
    extra_labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """An object of the stream. `content`: what stands beside its metadata.

    Nothing empty is in it: the API server drops much of that, and what it drops would look like
    drift.
    """
    metadata = {
        "name": name or relay_name(stream),
        "namespace": stream.namespace,
        "labels": {**labels(stream), **(extra_labels or {})},
        "annotations": dict(annotations or {}),
        "ownerReferences": [owner_reference(stream)],
    }
    whole = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
    return {name: compact(value, within=name) for name, value in whole.items()}


def owner_reference(stream: Stream) -> dict[str, Any]:
    """What says that an object is the stream's, and lets Kubernetes collect it."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": stream.name,
        "uid": stream.uid,
        "controller": True,
    }


def key_of(manifest: Manifest) -> ChildKey:
    """Which object a manifest is of."""
    return ChildKey(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])


def compact(value: Any, within: str = "") -> Any:
    """The value without members that are null or empty, but for choices such as `emptyDir: {}`."""
    if isinstance(value, Mapping):
        if within in _TEXTS:
            return dict(value)
        pairs = ((name, compact(item, name)) for name, item in value.items())
        return {name: item for name, item in pairs if not _is_empty(name, item)}
    if isinstance(value, list | tuple):
        return [compact(item) for item in value]
    return value


def _is_empty(name: str, value: Any) -> bool:
    if name in _MEANT:
        return value is None
    return value is None or (not isinstance(value, bool | int | float) and not value)
