"""What Prometheus and Grafana get of a stream."""

from __future__ import annotations

import json

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.diff import digest
from unionflow_operator.core.installation import MonitoringBundle
from unionflow_operator.core.manifest import child, relay_name, selector
from unionflow_operator.core.observed import Manifest


def service_monitor(stream: Stream) -> Manifest:
    """ServiceMonitor `<stream>-relay`."""
    spec = {
        "selector": {"matchLabels": selector(stream)},
        "endpoints": [{"port": "management", "path": "/metrics", "interval": "30s"}],
    }
    return child(
        stream,
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        {"spec": spec},
        extra_labels=stream.spec.monitoring.labels,
    )


def prometheus_rule(stream: Stream, bundle: MonitoringBundle) -> Manifest:
    """PrometheusRule `<stream>-relay`."""
    groups = json.loads(_named(stream, bundle.rule_groups))
    return child(
        stream,
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        {"spec": {"groups": groups}},
        extra_labels=stream.spec.monitoring.labels,
    )


def dashboard(stream: Stream, bundle: MonitoringBundle) -> Manifest:
    """ConfigMap `<stream>-relay-dashboard`, by whose label Grafana's sidecar finds it."""
    content = json.loads(_named(stream, bundle.dashboard))
    content["uid"] = f"unionflow-{digest([stream.namespace, stream.name])}"
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return child(
        stream,
        "v1",
        "ConfigMap",
        {"data": {f"{stream.namespace}-{relay_name(stream)}.json": text}},
        name=f"{relay_name(stream)}-dashboard",
        extra_labels={"grafana_dashboard": "1"},
    )


def _named(stream: Stream, text: str) -> str:
    return text.replace("@stream@", stream.name).replace("@namespace@", stream.namespace)
