"""The way in from outside: an Ingress, or an HTTPRoute of the Gateway API.

Only the two paths that clients use are led to the relays, so a backend can have the rest of the
host, and the management port is never reachable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unionflow_operator.api.access import Exposure, Gateway
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import CLIENT_PORT, child, relay_name
from unionflow_operator.core.observed import Manifest

WEBSOCKET_PATH: Final = "/ws/dashboard"
SSE_PATH: Final = "/sse/dashboard"

# An idle client is heard every heartbeat, at most an hour apart; tests/ingress holds it. HAProxy
# Technologies' controller takes `timeout-tunnel` (an hour by itself) from its own ConfigMap alone.
# Traefik sets no limit on an upgraded connection, buffers no response, and knows no annotation.
KEEP_OPEN: Final[Mapping[str, Mapping[str, str]]] = {
    "nginx": {
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "3700",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "3700",
        "nginx.ingress.kubernetes.io/proxy-buffering": "off",
        "nginx.org/proxy-read-timeout": "3700s",
        "nginx.org/proxy-send-timeout": "3700s",
        "nginx.org/proxy-buffering": "False",
    },
    "haproxy": {
        "haproxy-ingress.github.io/timeout-tunnel": "3700s",
        "haproxy-ingress.github.io/timeout-server": "3700s",
        "haproxy.org/timeout-server": "3700s",
    },
    "traefik": {},
}


def ingress(stream: Stream, exposure: Exposure, class_name: str) -> Manifest:
    """Ingress `<stream>-relay`."""
    service = {"name": relay_name(stream), "port": {"name": "clients"}}
    paths = [
        {"path": exposure.path + path, "pathType": "Exact", "backend": {"service": service}}
        for path in (WEBSOCKET_PATH, SSE_PATH)
    ]
    tls = [{"hosts": [exposure.host], "secretName": exposure.tls_secret_name}]
    spec = {
        "ingressClassName": class_name,
        "rules": [{"host": exposure.host, "http": {"paths": paths}}],
        "tls": tls if exposure.tls_secret_name is not None else None,
    }
    annotations = {**_keep_open(stream, class_name), **exposure.annotations}
    return child(stream, "networking.k8s.io/v1", "Ingress", {"spec": spec}, annotations=annotations)


def _keep_open(stream: Stream, class_name: str) -> Mapping[str, str]:
    """The annotations for a class; for one whose name tells no controller, those of all."""
    fitting = [known for known in KEEP_OPEN if known in class_name]
    kept = {
        name: value for known in fitting or KEEP_OPEN for name, value in KEEP_OPEN[known].items()
    }
    if "nginx" in fitting or not fitting:
        kept["nginx.org/websocket-services"] = relay_name(stream)
    return kept


def http_route(stream: Stream, exposure: Exposure, gateway: Gateway) -> Manifest:
    """HTTPRoute `<stream>-relay`."""
    rule: Mapping[str, Any] = {
        "matches": [
            {"path": {"type": "Exact", "value": exposure.path + path}}
            for path in (WEBSOCKET_PATH, SSE_PATH)
        ],
        "backendRefs": [{"name": relay_name(stream), "port": CLIENT_PORT}],
        "timeouts": {"request": "0s"},  # none: a connection lasts as long as its client
    }
    spec = {
        "parentRefs": [parent.to_object() for parent in gateway.parent_refs],
        "hostnames": [exposure.host],
        "rules": [rule],
    }
    annotations = dict(exposure.annotations)
    return child(
        stream,
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        {"spec": spec},
        annotations=annotations,
    )


def client_url(stream: Stream) -> str:
    """Where clients connect. Behind a Gateway TLS is taken for granted: its listener ends it."""
    exposure = stream.spec.exposure
    if exposure is None:
        service = f"{relay_name(stream)}.{stream.namespace}.svc:{CLIENT_PORT}"
        return f"ws://{service}{WEBSOCKET_PATH}"
    secure = exposure.tls_secret_name is not None or exposure.gateway is not None
    return f"{'wss' if secure else 'ws'}://{exposure.host}{exposure.path}{WEBSOCKET_PATH}"
