"""When each stream was asked for, when its objects stood, and when it was ready: by watches."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Sequence
from typing import Any, Self

import httpx

from tests.operator.live.streams import Streams

# The objects that come last, all at once, when the relays' Deployment stands.
LAST = (
    ("/api/v1", "configmaps", "-relay-dashboard"),
    ("/apis/policy/v1", "poddisruptionbudgets", "-relay"),
    ("/apis/monitoring.coreos.com/v1", "servicemonitors", "-relay"),
    ("/apis/monitoring.coreos.com/v1", "prometheusrules", "-relay"),
)
QUIET_SECONDS = 5.0  # of a watch: then it is begun anew, and tells all that there is
SELECTOR = "app.kubernetes.io/managed-by=unionflow-operator"


class Clock:
    """Watches the streams of one namespace. Used as a context manager."""

    def __init__(self, streams: Streams, names: Sequence[str]) -> None:
        self.asked: dict[str, float] = {}
        self._streams = streams
        self._names = frozenset(names)
        self._seen: dict[str, dict[str, float]] = {plural: {} for _, plural, _ in LAST}
        self._ready: dict[str, float] = {}
        self._client = streams.api.control.client()
        self._closed = False

    def __enter__(self) -> Self:
        streams = f"{self._streams.api_path}/unionflowstreams"
        self._start(streams, "", self._on_stream)
        for group, plural, suffix in LAST:
            path = f"{group}/namespaces/{self._streams.namespace}/{plural}"
            seen = self._seen[plural]

            def on_object(
                item: dict[str, Any], seen: dict[str, float] = seen, suffix: str = suffix
            ) -> None:
                name = item["metadata"]["name"]
                if name.endswith(suffix):
                    seen.setdefault(name.removesuffix(suffix), time.monotonic())

            self._start(path, SELECTOR, on_object)
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._client.close()

    def stood(self) -> dict[str, float]:
        """When the last object of each stream stood, of those of which all do."""
        done = frozenset.intersection(*(frozenset(seen) for seen in self._seen.values()))
        return {
            name: max(seen[name] for seen in self._seen.values()) for name in done & self._names
        }

    def ready(self) -> dict[str, float]:
        """When each stream was ready first, of those that have been."""
        return {name: at for name, at in list(self._ready.items()) if name in self._names}

    def took(self) -> list[float]:
        """Seconds of each stream from its request to its last object, sorted."""
        return sorted(at - self.asked[name] for name, at in self.stood().items())

    def _on_stream(self, item: dict[str, Any]) -> None:
        conditions = item.get("status", {}).get("conditions") or ()
        if any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
            self._ready.setdefault(item["metadata"]["name"], time.monotonic())

    def _start(self, path: str, selector: str, on_item: Any) -> None:
        threading.Thread(target=self._watch, args=(path, selector, on_item), daemon=True).start()

    def _watch(self, path: str, selector: str, on_item: Any) -> None:
        """Anew each time that it ends: the API server ends the watch of a client that is slow."""
        query = {"watch": "1", "labelSelector": selector}
        patient = httpx.Timeout(30, read=QUIET_SECONDS)
        while not self._closed:
            with (
                contextlib.suppress(httpx.HTTPError, RuntimeError),  # it was closed meanwhile
                self._client.stream("GET", path, params=query, timeout=patient) as answer,
            ):
                for line in answer.iter_lines():
                    event = json.loads(line)
                    if event["type"] in {"ADDED", "MODIFIED"}:
                        on_item(event["object"])
