"""The operator's replicas on the node: who leads, and what is done to them."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Sequence

from tests.operator.e2e.installing import SYSTEM, Installed


def leader(cluster: Installed) -> str:
    """The pod of the operator that leads."""
    lease = cluster.kubectl("-n", SYSTEM, "get", "lease", "unionflow-operator", "-o", "json")
    holder: str = json.loads(lease)["spec"]["holderIdentity"]
    return holder


def how_it_ended(cluster: Installed, pod: str) -> tuple[int, str]:
    """How often an operator's container was started again, and how it last ended."""
    own = ("-n", SYSTEM)
    found = json.loads(cluster.kubectl(*own, "get", "pod", pod, "-o", "json"))["status"]
    [container] = found["containerStatuses"]
    last = cluster.kubectl(*own, "logs", pod, "--previous", "--tail=20")
    return container["restartCount"], f"{container['lastState']}\n{last}"


def send_signal(cluster: Installed, pod: str, number: signal.Signals) -> None:
    """To the first process of an operator's container, as the kernel may do: nobody is told."""
    socket = cluster.kubeconfig.parent / "containerd.sock"
    ctr = (shutil.which("ctr") or "ctr", "-a", str(socket), "-n", "k8s.io")
    labels = {
        "io.kubernetes.pod.namespace": SYSTEM,
        "io.kubernetes.pod.name": pod,
        "io.kubernetes.container.name": "operator",
    }
    wanted = ",".join(f'labels."{name}"=={value}' for name, value in labels.items())
    listed = subprocess.run(
        [*ctr, "containers", "list", "-q", wanted], capture_output=True, text=True, check=True
    )
    # One that has ended is listed until it is removed; a signal to it changes nothing.
    running = [one for one in listed.stdout.split() if _runs(ctr, one)]
    assert len(running) == 1, running
    subprocess.run([*ctr, "tasks", "kill", "-s", number.name, running[0]], check=True)


def _runs(ctr: Sequence[str], container: str) -> bool:
    listed = subprocess.run([*ctr, "tasks", "list"], capture_output=True, text=True, check=True)
    return any(
        line.split()[:1] == [container] and "RUNNING" in line for line in listed.stdout.splitlines()
    )
