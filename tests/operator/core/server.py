"""A small pure model of an API server: server-side apply, defaults, and who set what.

Only what a plan can meet: objects of one field manager, list-maps, and defaults that look like
drift to whoever compares too simply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from unionflow_operator.api.quantity import parse_quantity
from unionflow_operator.core.diff import MERGE_KEYS, QUANTITIES

Json = dict[str, Any]
_DEFAULTS: Mapping[str, Json] = {
    "containers": {"terminationMessagePath": "/dev/termination-log"},
    "ports": {"protocol": "TCP"},
    "httpGet": {"scheme": "HTTP"},
    "readinessProbe": {"successThreshold": 1},
    "livenessProbe": {"successThreshold": 1},
    "parentRefs": {"group": "gateway.networking.k8s.io", "kind": "Gateway"},
    "backendRefs": {"group": "", "kind": "Service", "weight": 1},
    "configMap": {"defaultMode": 420},
    "template": {"metadata": {"creationTimestamp": None}},
}


def server_side_apply(live: Json | None, before: Json, manifest: Mapping[str, Any]) -> Json:
    """The object after an apply.

    before: what the same manager had applied last; what it no longer names is taken away.
    """
    wanted = deepcopy(dict(manifest))
    result = deepcopy(live) if live is not None else {}
    _take_away(result, before, wanted)
    _merge(result, wanted)
    defaulted = _with_defaults(result)
    assert isinstance(defaulted, dict)
    return defaulted


def _take_away(live: Json, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, old in before.items():
        if name not in wanted:
            live.pop(name, None)
        elif isinstance(old, dict) and isinstance(wanted[name], dict):
            _take_away(live.setdefault(name, {}), old, wanted[name])
        elif keys := _keys(name, old):
            kept = [_identity(item, keys) for item in wanted[name]]
            gone = [item for item in (_identity(one, keys) for one in old) if item not in kept]
            live[name] = [item for item in live[name] if _identity(item, keys) not in gone]
            for item in live[name]:
                was = _find(old, item, keys)
                now = _find(wanted[name], item, keys)
                if was is not None and now is not None:
                    _take_away(item, was, now)


def _merge(live: Json, wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if isinstance(value, dict) and isinstance(live.get(name), dict):
            _merge(live[name], value)
        elif (keys := _keys(name, value)) and _keys(name, live.get(name)):
            for item in value:
                found = _find(live[name], item, keys)
                if found is None:
                    live[name].append(item)
                else:
                    _merge(found, item)
        else:
            live[name] = value


def _keys(name: str, items: Any) -> tuple[str, ...]:
    keys = MERGE_KEYS.get(name, ())
    is_map = isinstance(items, list) and all(
        isinstance(item, dict) and all(key in item for key in keys) for item in items
    )
    return keys if is_map else ()


def _find(items: list[Json], like: Json, keys: tuple[str, ...]) -> Json | None:
    return next((one for one in items if _identity(one, keys) == _identity(like, keys)), None)


def _identity(item: Json, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key) for key in keys)


def _with_defaults(value: Any, name: str = "", *, in_quantity: bool = False) -> Any:
    if isinstance(value, dict):
        whole = {**_DEFAULTS.get(name, {}), **value} if name in _DEFAULTS else value
        return {
            key: _with_defaults(item, key, in_quantity=in_quantity or name in QUANTITIES)
            for key, item in whole.items()
        }
    if isinstance(value, list):
        return [_with_defaults(item, name) for item in value]
    if in_quantity and (amount := parse_quantity(value)) is not None and amount == int(amount):
        return str(int(amount)) if str(value).endswith("m") else value
    return value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value within, with its path."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value
