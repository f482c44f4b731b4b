"""Who may reach the relays. What they may reach themselves is not limited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unionflow_operator.api.spec import Peer
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.manifest import child, selector
from unionflow_operator.core.observed import Manifest


def network_policy(stream: Stream, installation: Installation) -> Manifest:
    """NetworkPolicy `<stream>-relay`. The operator is always let in: it tries handshakes."""
    wish = stream.spec.network_policy
    operator = _operator(installation)
    clients = [*_peers(wish.clients_from), *operator] if wish.clients_from else []
    everyone_inside: Mapping[str, Any] = {"namespaceSelector": {}}
    monitors = [*_peers(wish.monitoring_from), *operator] if wish.monitoring_from else []
    rules = [
        {"ports": [{"port": "clients", "protocol": "TCP"}], "from": clients},
        {
            "ports": [{"port": "management", "protocol": "TCP"}],
            "from": monitors or [everyone_inside],
        },
    ]
    spec = {
        "podSelector": {"matchLabels": selector(stream)},
        "policyTypes": ["Ingress"],
        "ingress": rules,
    }
    return child(stream, "networking.k8s.io/v1", "NetworkPolicy", {"spec": spec})


def _operator(installation: Installation) -> list[Mapping[str, Any]]:
    """The operator's namespace; none where it runs outside of the cluster."""
    if not installation.namespace:
        return []
    own = {"kubernetes.io/metadata.name": installation.namespace}
    return [{"namespaceSelector": {"matchLabels": own}}]


def _peers(peers: Sequence[Peer]) -> list[Mapping[str, Any]]:
    return [peer.to_object() for peer in peers]
