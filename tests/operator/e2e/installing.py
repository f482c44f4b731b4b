"""A node with the operator on it as `kubectl apply -k` installs it, and a Kafka that pods reach."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.images import write_image
from tests.cluster.kubectl import Kubectl
from tests.cluster.node import running_node
from tests.cluster.node_files import HOST_ADDRESS
from tests.house.files import ROOT
from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import Broker
from unionflow_cli.kafka.adapters.broker import new_node

IMAGES = ("pause", "relay", "operator")
SYSTEM = "unionflow-system"
OPERATOR = "deployment/unionflow-operator"


@dataclass(frozen=True, slots=True)
class Installed:
    """kafka: its bootstrap servers, the same for pods and for this machine.

    seconds: from an empty folder to a node; from there to an operator that is ready.
    """

    kubeconfig: Path
    kubectl: Kubectl
    kafka: str
    seconds: tuple[float, float]


@contextmanager
def installed(work: Path) -> Iterator[Installed]:
    """The whole of it. work: empty, and of a short path.

    Raises:
        ToolMissing, NotReady: as `running_node` does.
    """
    begun = time.monotonic()
    images = [work / f"{kind}.tar" for kind in IMAGES]
    for image in images:
        write_image(image.stem, image)
    (work / "node").mkdir()
    with ExitStack() as stack:
        kubeconfig = stack.enter_context(running_node(work / "node", images))
        _, kafka = stack.enter_context(kafka_for_pods(work / "kafka"))
        kubectl = Kubectl(kubeconfig)
        up = time.monotonic()
        kubectl("apply", "--server-side", "-k", str(_overlay(work)))
        kubectl("-n", SYSTEM, "rollout", "status", OPERATOR, "--timeout=110s")
        ready = time.monotonic()
        yield Installed(kubeconfig, kubectl, kafka, (up - begun, ready - up))


def _overlay(work: Path) -> Path:
    """What a person writes who has images of their own: everything else is as it is shipped."""
    shutil.copytree(ROOT / "manifests", work / "manifests")
    overlay = work / "overlay"
    overlay.mkdir()
    image = {"name": "UNIONFLOW_RELAY_IMAGE", "value": "uf.local/relay:1"}
    pod = {"spec": {"containers": [{"name": "operator", "env": [image]}]}}
    named = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "any"}}
    patch = {**named, "spec": {"template": pod}}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../manifests"],
        "images": [{"name": "unionflow/operator", "newName": "uf.local/operator", "newTag": "1"}],
        "patches": [{"target": {"kind": "Deployment"}, "patch": json.dumps(patch)}],
    }
    (overlay / "kustomization.yaml").write_text(json.dumps(kustomization))
    return overlay


@contextmanager
def kafka_for_pods(folder: Path) -> Iterator[tuple[Broker, str]]:
    """A broker, and the address by which pods know it: this machine's, as they see it."""
    node = new_node(folder)
    own = (
        f"INTERNAL://127.0.0.1:{node.internal_port}",
        f"CONTROLLER://127.0.0.1:{node.controller_port}",
    )
    servers = f"{HOST_ADDRESS}:{node.client_port}"
    properties = {
        "listeners": ",".join((f"CLIENT://0.0.0.0:{node.client_port}", *own)),
        "advertised.listeners": ",".join((f"CLIENT://{servers}", own[0])),
    }
    with kafka_tier():
        broker = Broker(node, properties=properties)
        broker.launch()
    try:
        broker.wait_until_ready()
        yield broker, servers
    finally:
        broker.stop()
