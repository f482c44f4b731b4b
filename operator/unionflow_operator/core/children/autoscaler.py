"""The number of relays by load, counted by Kubernetes itself or by KEDA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unionflow_operator.api.scaling import Autoscaling
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import child, relay_name
from unionflow_operator.core.observed import Manifest

CONNECTIONS: Final = "unionflow_relay_connections"


def autoscaler(stream: Stream, scaling: Autoscaling) -> Manifest:
    """HorizontalPodAutoscaler `<stream>-relay`."""
    metrics: list[Mapping[str, Any]] = []
    if scaling.cpu_percent:
        target = {"type": "Utilization", "averageUtilization": scaling.cpu_percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    if scaling.connections is not None:
        target = {"type": "AverageValue", "averageValue": str(scaling.connections)}
        pods = {"metric": {"name": CONNECTIONS}, "target": target}
        metrics.append({"type": "Pods", "pods": pods})
    spec = {
        "scaleTargetRef": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": relay_name(stream),
        },
        "minReplicas": scaling.min_replicas,
        "maxReplicas": scaling.max_replicas,
        "metrics": metrics,
        "behavior": _behavior(stream),
    }
    return child(stream, "autoscaling/v2", "HorizontalPodAutoscaler", {"spec": spec})


def scaled_object(stream: Stream, scaling: Autoscaling) -> Manifest:
    """ScaledObject `<stream>-relay` of KEDA."""
    triggers: list[Mapping[str, Any]] = []
    if scaling.cpu_percent:
        value = {"value": str(scaling.cpu_percent)}
        triggers.append({"type": "cpu", "metricType": "Utilization", "metadata": value})
    if scaling.connections is not None:
        where = f'namespace="{stream.namespace}",service="{relay_name(stream)}"'
        query = {
            "serverAddress": scaling.prometheus_url,
            "query": f"sum({CONNECTIONS}{{{where}}})",
            "threshold": str(scaling.connections),
        }
        triggers.append({"type": "prometheus", "metadata": query})
    spec = {
        "scaleTargetRef": {"name": relay_name(stream)},
        "minReplicaCount": scaling.min_replicas,
        "maxReplicaCount": scaling.max_replicas,
        "triggers": triggers,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(stream)}},
    }
    return child(stream, "keda.sh/v1alpha1", "ScaledObject", {"spec": spec})


def _behavior(stream: Stream) -> Mapping[str, Any]:
    """One relay fewer at a time, and not before the last one has sent its clients away."""
    period = min(max(stream.spec.relay.drain_seconds, 15), 1800)  # 1800 s is Kubernetes' limit
    policies = [{"type": "Pods", "value": 1, "periodSeconds": period}]
    return {"scaleDown": {"stabilizationWindowSeconds": 300, "policies": policies}}
