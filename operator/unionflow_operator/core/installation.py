"""What the operator was started with: the same for all streams, and fixed until it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from unionflow_operator.core.policy import Policy

DEFAULT_RESYNC_SECONDS = 300


@dataclass(frozen=True, slots=True)
class MonitoringBundle:
    """The rules and the dashboard that go with every stream (`unionflow_operator.monitoring`)."""

    rule_groups: str = "[]"
    """Prometheus rule groups of all streams, as JSON."""
    dashboard: str = ""
    """Grafana's JSON, in which the variables `namespace` and `stream` choose one."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The operator's own settings, as far as a plan depends on them."""

    relay_image: str
    """The image where a stream names none."""
    namespace: str
    """Where the operator's pods run: network policies let them in. Empty outside of a cluster."""
    resync_seconds: float = DEFAULT_RESYNC_SECONDS
    policy: Policy = field(default_factory=Policy)
    monitoring: MonitoringBundle = field(default_factory=MonitoringBundle)
