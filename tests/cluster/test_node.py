"""A real node: pods run, are reached through their Service and by name, and nothing is left."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from tests.cluster import cgroups
from tests.cluster.errors import ToolMissing
from tests.cluster.images import write_image
from tests.cluster.kubectl import Kubectl
from tests.cluster.node import HOST_LINK, running_node
from tests.support.tiers import tier_is_missing
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
IMAGES = ("pause", "busybox", "relay")
WEB = "mkdir /tmp/w; echo hello >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
LOOK_UP = "import socket; print(socket.gethostbyname('web.default.svc.cluster.local'))"
CONFINED = {
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(name: str, image: str, **container: object) -> Mapping[str, object]:
    only = {"name": "only", "image": f"uf.local/{image}:1", "imagePullPolicy": "IfNotPresent"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{**only, **container}], "restartPolicy": "Never"},
    }


def links() -> Sequence[str]:
    return [path.name for path in Path("/sys/class/net").iterdir()]


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with tempfile.TemporaryDirectory(prefix="uf-") as work:
        folder = Path(work)
        images = [folder / f"{kind}.tar" for kind in IMAGES]
        try:
            for image in images:
                write_image(image.stem, image)
            (folder / "node").mkdir()
            with running_node(folder / "node", images) as kubeconfig:
                yield Kubectl(kubeconfig)
        except ToolMissing as missing:
            tier_is_missing(str(missing))
    assert HOST_LINK not in links()
    assert list(cgroups.ROOT.glob(f"*/{cgroups.NAME}")) == []


@pytest.fixture(scope="module")
def web(kubectl: Kubectl) -> str:
    """A pod that answers `hello`, and its Service's address."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    kubectl("apply", "-f", "-", stdin=pod("web", "busybox", command=["/bin/sh", "-c", WEB]))
    kubectl("apply", "-f", "-", stdin=service)
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s")
    return kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")


def finished(kubectl: Kubectl, name: str) -> str:
    """What a pod has printed, once it has ended."""
    phase = ("get", "pod", name, "-o", "jsonpath={.status.phase}")
    wait_until(lambda: kubectl(*phase) in {"Succeeded", "Failed"}, 60)
    return kubectl("logs", name)


def answer(address: str) -> str | None:
    try:
        return httpx.get(f"http://{address}/", timeout=2, trust_env=False).text.strip()
    except httpx.TransportError:
        return None


def test_this_machine_reaches_a_pod_through_its_service(web: str) -> None:
    wait_until(lambda: answer(web) == "hello")


def test_a_pod_finds_a_service_by_its_name(kubectl: Kubectl, web: str) -> None:
    command = ["/usr/local/bin/python3", "-c", LOOK_UP]
    kubectl("apply", "-f", "-", stdin=pod("look-up", "relay", command=command))
    assert finished(kubectl, "look-up").strip() == web


def test_the_relay_s_image_runs_confined_and_says_what_is_missing(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=pod("relay", "relay", securityContext=CONFINED))
    assert "UNIONFLOW_JWT_JWKS_URL is not set" in finished(kubectl, "relay")
