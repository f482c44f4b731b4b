"""Plans as files, so that a change of what the operator would do is seen in a review.

`python -m tests.operator.core.golden_plans` writes them anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.operator.core.world import World
from unionflow_operator.core.observed import KafkaUnreachable, Manifest
from unionflow_operator.core.plan import Emit, WriteStatus
from unionflow_operator.core.report import changes_as_json

FOLDER = Path(__file__).parent / "golden"
SMALL: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"jwksUrl": "https://id.mutuelle.example/certs"},
    "exposure": {"host": "api.mutuelle.example", "ingressClassName": "nginx"},
}
LARGE: dict[str, Any] = {
    "kafka": {
        "bootstrapServers": "kafka-1:9093,kafka-2:9093",
        "securityProtocol": "SASL_SSL",
        "sasl": {"username": {"name": "kafka"}, "password": {"name": "kafka"}},
        "tls": {"ca": {"name": "kafka-ca"}},
    },
    "topicPrefix": "prod.",
    "topics": [
        {
            "name": "unionflow.members.events",
            "partitions": 12,
            "replicationFactor": 3,
            "config": {"min.insync.replicas": 2, "retention.ms": 604800000},
            "deletionPolicy": "Delete",
        },
        {"name": "audit", "topicName": "audit.v2"},
    ],
    "relay": {
        "autoscaling": {"connections": 4000},
        "drainSeconds": 60,
        "pod": {"env": [{"name": "TZ", "value": "UTC"}], "priorityClassName": "high"},
    },
    "auth": {"secretRef": {"name": "tokens"}, "issuer": "mutuelle"},
    "exposure": {
        "host": "api.mutuelle.example",
        "path": "/unionflow",
        "gateway": {"parentRefs": [{"name": "edge", "namespace": "gateways"}]},
    },
    "networkPolicy": {"clientsFrom": [{"namespaceSelector": {"matchLabels": {"edge": "yes"}}}]},
}


def small() -> World:
    return World(SMALL)


def large() -> World:
    return World(LARGE)


def drifted() -> World:
    """The image was changed, the Service deleted, a partition added to the wish."""
    world = World(SMALL)
    world.converge()
    pod = world.child("Deployment")["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = "somebody/else:1"
    world.objects = {key: one for key, one in world.objects.items() if key.kind != "Service"}
    world.edit(topics=[{"name": "unionflow.members.events", "partitions": 8}])
    return world


def suspended() -> World:
    return World({**SMALL, "suspend": True})


def without_brokers() -> World:
    return World(SMALL, unreachable=KafkaUnreachable("no broker of kafka:9092 answers"))


def deleted() -> World:
    world = World(LARGE)
    world.converge()
    world.deleted = world.now
    return world


CASES: Mapping[str, Callable[[], World]] = {
    "a-small-stream-that-is-new": small,
    "a-large-stream-that-is-new": large,
    "what-others-have-changed": drifted,
    "a-suspended-stream": suspended,
    "brokers-that-do-not-answer": without_brokers,
    "a-stream-that-is-deleted": deleted,
}


def golden(world: World) -> str:
    """The world's plan, whole."""
    made = world.plan()
    status = made.status
    whole = {
        "order": [type(step).__name__ for step in made.steps],
        "words": made.describe(),
        "changes": changes_as_json(made),
        "manifests": [shortened(manifest) for manifest in made.manifests],
        "status": status.to_object() if status is not None else None,
        "statusReason": [s.reason for s in made.steps if isinstance(s, WriteStatus)],
        "events": [[s.type, s.reason, s.message] for s in made.steps if isinstance(s, Emit)],
        "requeueAfterSeconds": made.requeue_after,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def shortened(manifest: Manifest) -> Manifest:
    """A dashboard is a file of its own already, and its text would fill a page here."""
    if not manifest["metadata"]["name"].endswith("-dashboard"):
        return manifest
    return {**manifest, "data": {name: f"{text[:40]}…" for name, text in manifest["data"].items()}}


def main() -> int:
    """Write the files. Returns the exit code: always 0."""
    for name, make in CASES.items():
        path = FOLDER / f"{name}.json"
        path.write_text(golden(make()))
        print(path.relative_to(Path.cwd()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
