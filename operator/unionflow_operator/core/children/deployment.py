"""The relays: replaced one at a time, each only when its successor has served for a while."""

from __future__ import annotations

from typing import Final

from unionflow_operator.api.relay import DEFAULT_REPLICAS
from unionflow_operator.core.children.pod import pod_template
from unionflow_operator.core.manifest import child, relay_name, selector
from unionflow_operator.core.observed import ChildKey, Manifest, Observed

_PATIENCE: Final = 600  # seconds in which a relay becomes ready, or the roll-out has failed


def deployment_key(observed: Observed) -> ChildKey:
    """Which object it is."""
    return ChildKey("apps/v1", "Deployment", relay_name(observed.stream))


def deployment(observed: Observed) -> Manifest:
    """Deployment `<stream>-relay`.

    It names no replicas where an autoscaler counts them: `with_live_replicas` adds those there are.
    """
    relay = observed.stream.spec.relay
    wanted = DEFAULT_REPLICAS if relay.replicas is None else relay.replicas
    spec = {
        "replicas": wanted if relay.autoscaling is None else None,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(observed.stream)},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        },
        # The next relay goes only when the clients of the last one have come back elsewhere.
        "minReadySeconds": relay.drain_seconds or None,
        "progressDeadlineSeconds": relay.drain_seconds + _PATIENCE,
        "template": pod_template(observed),
    }
    return child(observed.stream, "apps/v1", "Deployment", {"spec": spec})


def with_live_replicas(manifest: Manifest, live: Manifest | None, fewest: int) -> Manifest:
    """The manifest for an autoscaled stream, with as many replicas as there are now.

    Without them a server-side apply would take away the number that we had once set, and the API
    server would put its default there: one relay.
    """
    now = live.get("spec", {}).get("replicas") if live is not None else None
    return {**manifest, "spec": {**manifest["spec"], "replicas": fewest if now is None else now}}
