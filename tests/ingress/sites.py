"""What a controller knows of an Ingress: hosts, exact paths, annotations, and pods behind it.

The Ingress is the operator's own. Of its Service the pods' addresses are taken, as controllers do;
a port that the Ingress does not name is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests.operator.core.world import World
from unionflow_operator.core.desired import desired
from unionflow_operator.core.observed import Manifest

HOST = "api.mutuelle.example"
BASE_PATH = "/unionflow"
HOUR = 3_600.0
HEARTBEAT_SECONDS = 2  # of the relays in these tests, but for those of one alone


@cache
def operators_ingress(class_name: str) -> Manifest:
    """The Ingress that the operator makes for a stream under HOST and BASE_PATH."""
    exposure = {
        "host": HOST,
        "path": BASE_PATH,
        "ingressClassName": class_name,
        "tlsSecretName": "mutuelle-tls",
    }
    spec = {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "auth": {"none": True},
        "exposure": exposure,
    }
    return next(made for made in desired(World(spec).observe()) if made["kind"] == "Ingress")


@dataclass(frozen=True, slots=True)
class Site:
    """An Ingress, and `address:port` of each pod that is ready.

    rest: the same of those that another Ingress leads the rest of the host to, if one does.
    """

    ingress: Manifest
    pods: tuple[str, ...]
    rest: tuple[str, ...] = ()

    def without_annotations(self) -> Site:
        """As it would be, had the operator put none on it."""
        metadata = {**self.ingress["metadata"], "annotations": {}}
        return replace(self, ingress={**self.ingress, "metadata": metadata})

    @property
    def annotations(self) -> Mapping[str, str]:
        """By name."""
        return dict(self.ingress["metadata"].get("annotations") or {})

    @property
    def host(self) -> str:
        """The one of its only rule."""
        return str(self._rule["host"])

    @property
    def paths(self) -> Sequence[str]:
        """Those of the rule, all of them exact and led to the clients' port."""
        listed = self._rule["http"]["paths"]
        assert {path["pathType"] for path in listed} == {"Exact"}
        assert {path["backend"]["service"]["port"]["name"] for path in listed} == {"clients"}
        return [str(path["path"]) for path in listed]

    @property
    def _rule(self) -> Any:
        (rule,) = self.ingress["spec"]["rules"]
        return rule


@dataclass(frozen=True, slots=True)
class Edge:
    """How a controller was installed: its ConfigMap, as far as it matters here.

    hour: seconds that an hour of the time-outs for idle connections takes. proxy_protocol,
    forwarded: the networks of load balancers before it that say by PROXY protocol, or by
    X-Forwarded-For, who their client is. tunnel_timeout: HAProxy's `timeout-tunnel`.
    """

    hour: float = HOUR
    proxy_protocol: str = ""
    forwarded: str = ""
    tunnel_timeout: str = "1h"

    def milliseconds(self, stated: str) -> int:
        """A time-out as it is stated (`60s`, `1h`), sped up."""
        units = {"s": 1, "m": 60, "h": 3_600}
        return round(float(stated[:-1]) * units[stated[-1]] * 1_000 * self.hour / HOUR)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a proxy listens on loopback."""

    http: int
    https: int
