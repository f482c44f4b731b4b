"""`kubectl apply -k` as it is written, on a real API server: base, overlays and samples."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.files import ROOT
from tests.support.apiserver import ApiServer, running_apiserver

pytestmark = pytest.mark.apiserver
MANIFESTS = ROOT / "manifests"
OVERLAYS = [".", "namespaced", "dev", "monitoring"]
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Of this module's own: the namespace of the operator is a fixed one."""
    with running_apiserver(tmp_path_factory.mktemp("apiserver")) as own:
        own.kubectl("create", "namespace", "prod")
        yield own


@pytest.fixture(scope="module")
def applied(server: ApiServer) -> Callable[[str], None]:
    """Applies an overlay, once."""

    @cache
    def apply(overlay: str) -> None:
        server.kubectl("apply", "--server-side", "-k", str(MANIFESTS / overlay))

    return apply


def built(server: ApiServer, overlay: str) -> list[dict[str, Any]]:
    text = server.kubectl("kustomize", str(MANIFESTS / overlay)).stdout
    return list(yaml.load_all(text, yaml.CSafeLoader))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_applied_and_then_nothing_is_left_to_apply(
    server: ApiServer, applied: Callable[[str], None], overlay: str
) -> None:
    applied(overlay)
    again = server.kubectl("diff", "--server-side", "-k", str(MANIFESTS / overlay), check=False)
    assert (again.returncode, again.stdout) == (0, "")


def test_the_definition_is_small_enough_for_an_apply_by_the_client(
    server: ApiServer, applied: Callable[[str], None]
) -> None:
    """kubectl then keeps it all in an annotation, which has 256 KiB."""
    applied(".")
    server.kubectl("apply", "--dry-run=server", "-k", str(MANIFESTS))


@pytest.mark.parametrize("overlay", ["namespaced", "dev"])
def test_pods_of_an_overlay_are_let_in_where_they_have_to_be_restricted(
    server: ApiServer, applied: Callable[[str], None], overlay: str
) -> None:
    applied(overlay)
    for one in built(server, overlay):
        if one["kind"] == "Deployment":
            refused = try_pod(server, one["metadata"]["namespace"], one["spec"]["template"])
            assert refused == "", one["metadata"]["name"]


def try_pod(server: ApiServer, namespace: str, template: Any) -> str:
    """What is said against it. dev's Kafka may write to its root: its image does."""
    labels = server.client.get(f"/api/v1/namespaces/{namespace}").json()["metadata"]["labels"]
    assert labels.items() >= RESTRICTED.items()
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    server.control.wait("the default service account", server.client, account)
    body = {"metadata": {"generateName": "tried-"}, "spec": template["spec"]}
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
    answer = server.client.post(path, json=body)
    return "" if answer.is_success else answer.json()["message"]


def test_an_operator_of_some_namespaces_may_nothing_in_the_whole_cluster(
    server: ApiServer,
) -> None:
    made = built(server, "namespaced")
    bindings = [one for one in made if one["kind"] == "ClusterRoleBinding"]
    assert bindings == []
    [deployment] = [one for one in made if one["kind"] == "Deployment"]
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "UNIONFLOW_NAMESPACES", "value": "prod"} in env


def test_what_selects_pods_finds_the_operators(server: ApiServer) -> None:
    made = built(server, ".")
    [deployment] = [one for one in made if one["kind"] == "Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    [service] = [one for one in made if one["kind"] == "Service"]
    assert labels.items() >= service["spec"]["selector"].items()
    [monitor] = [one for one in built(server, "monitoring") if one["kind"] == "ServiceMonitor"]
    wanted = monitor["spec"]["selector"]["matchLabels"]
    assert service["metadata"]["labels"].items() >= wanted.items()


def test_every_dashboard_of_the_operators_package_is_in_the_monitoring_overlay(
    server: ApiServer,
) -> None:
    package = ROOT / "operator/unionflow_operator/monitoring/dashboards"
    made = built(server, "monitoring")
    data = [text for one in made if one["kind"] == "ConfigMap" for text in one["data"].values()]
    assert sorted(data) == sorted(path.read_text() for path in package.glob("*.json"))


@pytest.mark.parametrize("path", sorted(MANIFESTS.glob("samples/*.yaml")), ids=lambda p: p.stem)
def test_a_sample_is_taken_as_it_is(server: ApiServer, path: Path) -> None:
    server.kubectl("-n", "prod", "apply", "--dry-run=server", "-f", str(path))


def test_the_stream_of_dev_is_taken_once_its_overlay_is_there(
    server: ApiServer, applied: Callable[[str], None]
) -> None:
    applied("dev")
    server.kubectl("apply", "--dry-run=server", "-f", str(MANIFESTS / "dev/stream.yaml"))


@pytest.mark.parametrize("path", sorted(MANIFESTS.rglob("*.yaml")), ids=lambda p: str(p.stem))
def test_a_command_in_a_comment_names_what_is_there(path: Path) -> None:
    lines = path.read_text().splitlines()
    commands = [line.lstrip("# ") for line in lines if line.startswith("#   kubectl ")]
    named = [
        word for line in commands for word in shlex.split(line) if word.startswith("manifests")
    ]
    assert [word for word in named if not (ROOT / word).exists()] == []
