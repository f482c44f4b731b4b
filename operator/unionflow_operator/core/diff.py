"""Which fields of a live object are not as we would set them.

A server-side apply counts as a write even where it changes nothing, so the comparison is made
here, before the call. Only fields that we set are looked at: the rest belongs to the API server's
defaults or to others. What we no longer set cannot be seen so, and is told by a hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from unionflow_operator.api.quantity import same_quantity
from unionflow_operator.core.observed import Manifest
from unionflow_operator.core.plan import FieldChange

APPLIED_ANNOTATION: Final = "unionflow.lions.dev/applied"
"""On every object of ours: the hash of the manifest that was applied last."""

# The API server merges these lists item by item, each found by its keys; all others are whole.
MERGE_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "env": ("name",),
    "groups": ("name",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("name",),  # of containers and Services; a network policy's have no names
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
QUANTITIES: Final = frozenset({"requests", "limits", "sizeLimit", "averageValue"})


def with_hash(manifest: Manifest) -> Manifest:
    """The manifest, with its own hash as an annotation."""
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), APPLIED_ANNOTATION: digest(manifest)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def digest(content: Any) -> str:
    """16 hexadecimal digits of anything that JSON can say."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(live: Manifest, desired: Manifest) -> tuple[FieldChange, ...]:
    """The fields of `desired` that `live` does not have so, in their order. Empty: leave it be."""
    return tuple(_compare("", live, desired, in_quantity=False))


def _compare(path: str, live: Any, wanted: Any, *, in_quantity: bool) -> Iterator[FieldChange]:
    if _is_nothing(live) and _is_nothing(wanted):
        return
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for name, value in wanted.items():
            below = f"{path}.{name}" if path else name
            quantity = in_quantity or name in QUANTITIES
            yield from _compare(below, live.get(name), value, in_quantity=quantity)
    elif isinstance(wanted, list | tuple) and isinstance(live, list | tuple):
        yield from _compare_lists(path, live, wanted)
    elif live != wanted and not (in_quantity and same_quantity(live, wanted)):
        yield FieldChange(path, live, wanted)


def _compare_lists(path: str, live: Sequence[Any], wanted: Sequence[Any]) -> Iterator[FieldChange]:
    keys = MERGE_KEYS.get(path.rpartition(".")[2])
    if keys is not None and all(_has(item, keys) for item in (*live, *wanted)):
        found = {_identity(item, keys): item for item in live}
        for item in wanted:
            identity = _identity(item, keys)
            below = f"{path}[{identity[0]}]"
            if identity in found:
                yield from _compare(below, found[identity], item, in_quantity=False)
            else:
                yield FieldChange(below, None, item)
    elif len(live) != len(wanted):
        yield FieldChange(path, live, wanted)
    else:
        for number, (now, item) in enumerate(zip(live, wanted, strict=True)):
            yield from _compare(f"{path}[{number}]", now, item, in_quantity=False)


def _identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key) for key in keys)


def _has(item: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(item, Mapping) and all(key in item for key in keys)


def _is_nothing(value: Any) -> bool:
    return value is None or value in ({}, [], ())
