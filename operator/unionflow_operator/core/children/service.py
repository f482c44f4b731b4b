"""The one address of all relays inside the cluster."""

from __future__ import annotations

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import CLIENT_PORT, MANAGEMENT_PORT, child, selector
from unionflow_operator.core.observed import Manifest


def service(stream: Stream) -> Manifest:
    """Service `<stream>-relay`. The management port is there for Prometheus; no ingress has it."""
    ports = [
        {
            "name": "clients",
            "port": CLIENT_PORT,
            "targetPort": "clients",
            "protocol": "TCP",
            "appProtocol": "kubernetes.io/ws",  # several gateways upgrade only where it says so
        },
        {
            "name": "management",
            "port": MANAGEMENT_PORT,
            "targetPort": "management",
            "protocol": "TCP",
        },
    ]
    spec = {"type": "ClusterIP", "selector": selector(stream), "ports": ports}
    return child(stream, "v1", "Service", {"spec": spec})
