"""Nodes that are played: KWOK says of them and of their pods what kubelets would.

Thousands of relays cost a few hundred megabytes so; none of them listens on anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster.building import KWOK_STAGES, kwok
from tests.cluster.control import ControlPlane

KWOK = "kwok"
NODE = "played"  # one has room for a million pods
LEASE_SECONDS = 40  # without a lease that is renewed the controllers hold a node for dead


def simulate_node(control: ControlPlane) -> None:
    """Have a node, for a control plane that runs and has a scheduler.

    Raises:
        ToolMissing, BuildFailed: KWOK cannot be built.
        NotReady: the node does not come up.
    """
    program = kwok()
    stages = [word for one in KWOK_STAGES for word in ("-c", str(program / Path(one).name))]
    flags = {
        "kubeconfig": control.kubeconfig,
        "manage-all-nodes": "true",
        "node-lease-duration-seconds": LEASE_SECONDS,
    }
    words = [f"--{name}={value}" for name, value in flags.items()]
    control.run_other(KWOK, [str(program / "kwok"), *words, *stages])
    node = {"metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}}}
    with control.client() as client:
        client.post("/api/v1/nodes", json=node).raise_for_status()
        path = f"/api/v1/nodes/{NODE}"
        control.wait_until(f"node {NODE}", lambda: _problem(client.get(path).json()))


def _problem(played: Mapping[str, Any]) -> str:
    conditions = played.get("status", {}).get("conditions") or ()
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return "" if ready else f"its conditions are {conditions}"
