"""How many relays a drain of nodes may take away at once."""

from __future__ import annotations

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import child, selector
from unionflow_operator.core.observed import Manifest


def disruption_budget(stream: Stream) -> Manifest:
    """PodDisruptionBudget `<stream>-relay`. A relay that is not ready holds no node up."""
    spec = {
        "maxUnavailable": stream.spec.disruption_budget.max_unavailable,
        "selector": {"matchLabels": selector(stream)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return child(stream, "policy/v1", "PodDisruptionBudget", {"spec": spec})
