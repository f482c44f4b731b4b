"""What Kubernetes says of a stream and its pods, and how long things took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.cluster.kubectl import Kubectl

POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of the cluster."""

    kubectl: Kubectl
    namespace: str
    name: str

    def apply(self, spec: Mapping[str, Any]) -> None:
        """As `kubectl apply` does it."""
        body = {
            "apiVersion": "unionflow.lions.dev/v1alpha1",
            "kind": "UnionflowStream",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        }
        self.kubectl("apply", "-f", "-", stdin=body)

    def patch(self, spec: Mapping[str, Any]) -> None:
        """A merge patch of its spec."""
        patch = json.dumps({"spec": spec})
        self._do("patch", "ufs", self.name, "--type=merge", "-p", patch)

    def delete(self) -> None:
        """Ask for its deletion, and do not wait."""
        self._do("delete", "ufs", self.name, "--wait=false")

    def object(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """An object of the stream's namespace; the stream's own child by default."""
        wanted = name or (self.name if kind == "ufs" else f"{self.name}-relay")
        found: dict[str, Any] = json.loads(self._do("get", kind, wanted, "-o", "json"))
        return found

    def condition(self, kind: str) -> tuple[str, str, str]:
        """Status, reason and message; of the present generation, or empty texts."""
        stream = self.object("ufs")
        for condition in stream.get("status", {}).get("conditions", ()):
            if condition["type"] == kind:
                if condition["observedGeneration"] != stream["metadata"]["generation"]:
                    return "", "", ""
                return condition["status"], condition["reason"], condition["message"]
        return "", "", ""

    def pods(self) -> Sequence[dict[str, Any]]:
        """Its relays' pods, those that are going too."""
        label = f"-lapp.kubernetes.io/name=unionflow-relay,app.kubernetes.io/instance={self.name}"
        found: list[dict[str, Any]] = json.loads(self._do("get", "pods", label, "-o", "json"))[
            "items"
        ]
        return found

    def children(self) -> Sequence[str]:
        """`kind/name` of everything that carries the stream's label."""
        kinds = "deploy,rs,pods,cm,svc,sa,netpol,pdb,endpointslices"
        label = f"-lapp.kubernetes.io/instance={self.name}"
        return self._do("get", kinds, label, "-o", "name").split()

    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self._do("get", "ufs", self.name, "--ignore-not-found", "-o", "name"))

    def _do(self, *words: str) -> str:
        return self.kubectl("-n", self.namespace, *words)


def until(what: str, look: Callable[[], object], seconds: float) -> float:
    """Wait for it; how many seconds it took. Fails with what was seen last."""
    begun = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - begun
        assert waited < seconds, f"not within {seconds:.0f} s: {what}; last: {found!r}"
        time.sleep(POLL_SECONDS)
    return time.monotonic() - begun


def seconds_to_ready(pod: Mapping[str, Any]) -> float:
    """From when the kubelet took a pod to when it was Ready; whole seconds, as Kubernetes has."""
    status = pod["status"]
    ready = next(c["lastTransitionTime"] for c in status["conditions"] if c["type"] == "Ready")
    return (_time(ready) - _time(status["startTime"])).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(slots=True)
class Leaving:
    """How long each relay took to go, by pod. grace: what Kubernetes gave it, in seconds."""

    grace: float = 0.0
    _began: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    def see(self, pods: Sequence[Mapping[str, Any]]) -> None:
        """To be called again and again with all pods that there are."""
        now = time.time()
        there = {pod["metadata"]["name"]: pod["metadata"] for pod in pods}
        for name, metadata in there.items():
            if "deletionTimestamp" in metadata:
                self.grace = float(metadata["deletionGracePeriodSeconds"])
                ends = _time(metadata["deletionTimestamp"]).timestamp()
                self._began.setdefault(name, ends - self.grace)
        for name, began in self._began.items():
            if name not in there:
                self.took.setdefault(name, now - began)
