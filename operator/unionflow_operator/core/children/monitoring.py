"""What Prometheus and Grafana get of a stream."""

from __future__ import annotations

import json
from typing import Any, Final

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.diff import digest
from unionflow_operator.core.installation import MonitoringBundle
from unionflow_operator.core.manifest import child, relay_name, selector
from unionflow_operator.core.observed import Manifest

ALL_RELAYS: Final = 'service=~".+-relay"'
"""How the rules of all streams name the relays' series."""


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
    own = _in_json(f'namespace="{stream.namespace}",service="{relay_name(stream)}"')
    groups = json.loads(bundle.rule_groups.replace(_in_json(ALL_RELAYS), own))
    for group in groups:
        group["name"] = f"unionflow-{stream.namespace}-{stream.name}"
    return child(
        stream,
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        {"spec": {"groups": groups}},
        extra_labels=stream.spec.monitoring.labels,
    )


def dashboard(stream: Stream, bundle: MonitoringBundle) -> Manifest:
    """ConfigMap `<stream>-relay-dashboard`, by whose label Grafana's sidecar finds it."""
    content = json.loads(bundle.dashboard)
    values = {"namespace": stream.namespace, "stream": stream.name}
    for variable in content["templating"]["list"]:
        if variable["name"] in values:
            variable.update(_constant(values[variable["name"]]))
    content["title"] = f"UnionFlow {stream.namespace}/{stream.name}"
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


def _in_json(selector: str) -> str:
    return json.dumps(selector)[1:-1]


def _constant(value: str) -> dict[str, Any]:
    """What makes a variable of Grafana's one that nobody chooses."""
    hidden = {"type": "constant", "hide": 2, "query": value}
    return {**hidden, "current": {"text": value, "value": value}}
