"""How the number of relays follows the load."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from unionflow_operator.api.model import HttpUrl, Model, Rule


class ScalingEngine(StrEnum):
    """Who counts the relays."""

    HPA = "HPA"
    KEDA = "KEDA"


class Autoscaling(Model):
    """How the number of relays follows the load."""

    min_replicas: int = Field(2, ge=1, le=1000, description="The fewest relays.")
    max_replicas: int = Field(10, ge=1, le=1000, description="The most relays.")
    cpu_percent: int = Field(
        75,
        ge=0,
        le=1000,
        description="The use of CPU to keep to, in percent of what relays request; 0: not by CPU.",
    )
    connections: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="The clients per relay to keep to. HPA needs an adapter that serves the metric "
        "`unionflow_relay_connections`; KEDA needs `prometheusUrl`.",
    )
    engine: ScalingEngine = Field(
        ScalingEngine.HPA,
        description="HPA makes a HorizontalPodAutoscaler; KEDA a ScaledObject, where its CRD is.",
    )
    prometheus_url: HttpUrl | None = Field(
        None, description="With KEDA and `connections`: the Prometheus to ask."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.minReplicas <= self.maxReplicas",
            "minReplicas is more than maxReplicas",
            field=".minReplicas",
            holds=lambda scaling: scaling.min_replicas <= scaling.max_replicas,
        ),
        Rule(
            "self.cpuPercent > 0 || has(self.connections)",
            "autoscaling needs something to go by: cpuPercent, connections or both",
            holds=lambda scaling: scaling.cpu_percent > 0 or scaling.connections is not None,
        ),
        Rule(
            "self.engine != 'KEDA' || !has(self.connections) || has(self.prometheusUrl)",
            "KEDA reads connections from Prometheus: say prometheusUrl",
            field=".prometheusUrl",
            holds=lambda scaling: (
                scaling.engine is not ScalingEngine.KEDA
                or scaling.connections is None
                or scaling.prometheus_url is not None
            ),
        ),
    )
