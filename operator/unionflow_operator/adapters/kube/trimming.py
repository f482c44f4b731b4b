"""What is kept of an object: not what nobody here reads, since a cluster has many thousands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unionflow_operator.adapters.kube.kinds import POD
from unionflow_operator.core.cache import Kind, Object

_OF_METADATA = ("name", "namespace", "uid", "resourceVersion", "labels", "ownerReferences")
_OF_POD_STATUS = ("podIP", "conditions", "containerStatuses")


def trimmed(kind: Kind, obj: Mapping[str, Any]) -> Object:
    """Without managed fields, which are half of an object's bytes; of a pod only how it is."""
    metadata = {k: v for k, v in obj["metadata"].items() if k != "managedFields"}
    if kind != POD:
        return {**obj, "metadata": metadata}
    status = obj.get("status", {})
    return {
        "apiVersion": POD.api_version,
        "kind": POD.kind,
        "metadata": {name: metadata[name] for name in _OF_METADATA if name in metadata},
        "status": {name: status[name] for name in _OF_POD_STATUS if name in status},
    }
