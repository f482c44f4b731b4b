"""What the charts make of values: sound, named right, and what our own programs take."""

from __future__ import annotations

import re
from pathlib import Path

import helm_python
import pytest

from tests.helm.charts import (
    OPERATOR,
    SMALLEST,
    STACK,
    container_of,
    labels_of,
    render,
)
from tests.helm.permutations import ALL, rendered

pytestmark = pytest.mark.helm
LONGEST_RELEASE = "a-release-with-a-name-that-is-as-long-as-helm-allows1"
RANDOM_PART = {"Deployment": "-0123456789-abcde", "Job": "-abcde", "Pod": ""}


@pytest.mark.parametrize("what", ALL)
def test_helm_finds_nothing_wrong_with(what: str) -> None:
    chart, values = ALL[what]
    report = helm_python.lint(chart, dict(values), strict=True, kube_version="v1.34.0")
    serious = [one for one in report["messages"] if one["severity"] > 1]
    assert (serious, report["errors"]) == ([], [])


@pytest.mark.parametrize("what", ALL)
def test_every_object_has_the_recommended_labels_and_is_named_once_in(what: str) -> None:
    objects = rendered(what).objects
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert sorted(set(names)) == sorted(names)
    wanted = {"name", "instance", "version", "component", "part-of", "managed-by"}
    lacking = {
        name: missing
        for name, one in zip(names, objects, strict=True)
        if (missing := {f"app.kubernetes.io/{x}" for x in wanted} - labels_of(one).keys())
    }
    assert lacking == {}


@pytest.mark.parametrize("what", ALL)
def test_pods_have_what_a_careful_cluster_asks_of(what: str) -> None:
    for name, pod in rendered(what).pods():
        spec = pod["spec"]
        assert spec["enableServiceLinks"] is False, name
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert {"requests", "limits"} <= container["resources"].keys(), name
            assert "memory" in container["resources"]["limits"], name
        may_call = spec.get("automountServiceAccountToken", True)
        assert may_call == (labels_of(pod)["app.kubernetes.io/component"] == "operator"), name


@pytest.mark.parametrize("what", ALL)
def test_what_selects_pods_finds_those_of_its_own_release_alone_in(what: str) -> None:
    """A Service must not lead to the pods of Jobs and tests."""
    found = rendered(what)
    for one in (*found.of("Service"), *found.of("PodDisruptionBudget")):
        selector = one["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert labels_of(one).items() >= wanted.items()
        matching = {name for name, pod in found.pods() if labels_of(pod).items() >= wanted.items()}
        assert matching == {one["metadata"]["name"].removesuffix("-management")}


@pytest.mark.parametrize("chart", [OPERATOR, STACK], ids=lambda chart: chart.name)
@pytest.mark.parametrize("name", [LONGEST_RELEASE, "1.dotted.release", "unionflow-operator"])
def test_names_of_pods_fit_a_host_name_under_any_release(chart: Path, name: str) -> None:
    found = render(chart, SMALLEST if chart == STACK else {}, name)
    makers = [one for one in found.objects if one["kind"] in RANDOM_PART]
    names = [one["metadata"]["name"] + RANDOM_PART[one["kind"]] for one in makers]
    names += [
        f"{one['metadata']['name']}-relay{RANDOM_PART['Deployment']}"
        for one in found.of("UnionflowStream")
    ]
    names += [one["metadata"]["name"] for one in found.of("Service")]
    bad = [name for name in names if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)]
    assert bad == []


def test_two_long_releases_have_two_names() -> None:
    one, other = (render(OPERATOR, {}, LONGEST_RELEASE[:-1] + end) for end in "12")
    assert one.one("Deployment")["metadata"]["name"] != other.one("Deployment")["metadata"]["name"]


def test_what_the_migration_needs_is_there_before_it() -> None:
    found = rendered("stack: the smallest")
    job = found.one("Job")
    secret = container_of(job)["env"][0]["valueFrom"]["secretKeyRef"]["name"]
    hook = found.one("Secret", "-migrate")
    assert hook["metadata"]["name"] == secret
    notes = [one["metadata"]["annotations"] for one in (hook, job)]
    assert [one["helm.sh/hook"] for one in notes] == ["pre-install,pre-upgrade"] * 2
    first, second = (int(one["helm.sh/hook-weight"]) for one in notes)
    assert first < second
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "default"


def test_with_a_file_there_is_one_replica_and_no_job() -> None:
    found = rendered("stack: a small one, in a file")
    spec = found.one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert found.of("Job") == []
    kept = found.one("PersistentVolumeClaim")["metadata"]["annotations"]
    assert kept == {"helm.sh/resource-policy": "keep"}


def test_the_management_port_is_in_no_service_that_an_ingress_leads_to() -> None:
    found = rendered("stack: production")
    [path] = found.one("Ingress")["spec"]["rules"][0]["http"]["paths"]
    name = path["backend"]["service"]["name"]
    service = next(one for one in found.of("Service") if one["metadata"]["name"] == name)
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]


def test_one_of_the_two_ingresses_asks_for_the_certificate() -> None:
    found = rendered("stack: production")
    issuer = "cert-manager.io/cluster-issuer"
    assert issuer in found.one("Ingress")["metadata"]["annotations"]
    assert issuer not in found.one("UnionflowStream")["spec"]["exposure"]["annotations"]


def test_where_clients_are_named_the_releases_test_is_one_of_them() -> None:
    found = rendered("stack: seen, traced, and scaled")
    test = labels_of(found.one("Pod", "-test"))
    policy = found.one("UnionflowStream")["spec"]["networkPolicy"]["clientsFrom"]
    [backend] = [
        rule["from"]
        for rule in found.one("NetworkPolicy")["spec"]["ingress"]
        if rule["ports"][0]["port"] == "http"
    ]
    for peers in (policy, backend):
        assert len(peers) == 2
        assert test.items() >= peers[1]["podSelector"]["matchLabels"].items()
