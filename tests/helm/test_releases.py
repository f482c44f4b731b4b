"""Releases on a real API server: installed, upgraded from the version before, rolled back, gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import helm_python
import pytest

from tests.cluster.control import ControlPlane
from tests.helm.charts import OPERATOR, SMALLEST, STACK, with_values
from tests.helm.conftest import DEFINITION, FILE, Helm
from tests.helm.kubelet import Kubelet

pytestmark = [pytest.mark.helm, pytest.mark.apiserver]
SYSTEM, PROD = "unionflow-system", "prod"
VERSION = version("unionflow-streams")
TIMEOUT = 120


def before(chart: Path, folder: Path) -> str:
    """The chart packaged as the version before: an older number, and a definition with less."""
    older = folder / chart.name
    shutil.copytree(chart, older)
    about = (older / "Chart.yaml").read_text().replace(VERSION, "0.0.9")
    (older / "Chart.yaml").write_text(about)
    definition = older / "templates/crd.yaml"
    if definition.exists():
        text = definition.read_text()
        start = text.index("              suspend:\n")
        end = text.index("              topicPrefix:\n", start)
        definition.write_text(text[:start] + text[end:])
    return helm_python.package(older, destination=folder)


def get(control: ControlPlane, *words: str) -> Any:
    return json.loads(control.kubectl("get", *words, "-o", "json").stdout)


def names(control: ControlPlane, namespace: str, kinds: str) -> set[str]:
    """Of everything of these kinds in a namespace: `deployment/x`."""
    found = control.kubectl("-n", namespace, "get", kinds, "-o", "name").stdout.split()
    return {name.replace(".apps", "").replace(".batch", "") for name in found}


def stream_fields(control: ControlPlane) -> set[str]:
    """The fields of a stream's spec that the API server knows."""
    [version] = get(control, DEFINITION)["spec"]["versions"]
    return set(version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])


def test_the_operator_from_install_to_uninstall(
    undefined: ControlPlane, helm: Helm, tmp_path: Path
) -> None:
    here = helm(SYSTEM)
    here.install(
        before(OPERATOR, tmp_path), "unionflow-operator", {"replicaCount": 1}, create_namespace=True
    )
    assert "suspend" not in stream_fields(undefined)
    undefined.kubectl("wait", "--for=condition=Established", "--timeout=60s", DEFINITION)
    stream = {"kafka": {"bootstrapServers": "k:9092"}, "auth": {"none": True}}
    apply_stream(undefined, "default", "mutuelle", stream)

    here.upgrade(OPERATOR, "unionflow-operator", {"replicaCount": 2})
    assert "suspend" in stream_fields(
        undefined
    )  # Helm leaves what lies in crds/ as it was; not so here
    deployment = get(undefined, "-n", SYSTEM, "deployment/unionflow-operator")
    assert image_of(deployment) == f"unionflow/operator:{VERSION}"
    assert deployment["spec"]["replicas"] == 2
    assert names(undefined, "default", "ufs") == {"unionflowstream.unionflow.lions.dev/mutuelle"}

    here.rollback("unionflow-operator")
    deployment = get(undefined, "-n", SYSTEM, "deployment/unionflow-operator")
    assert image_of(deployment) == "unionflow/operator:0.0.9"
    assert [one["status"] for one in here.history("unionflow-operator")][-1] == "deployed"

    here.uninstall("unionflow-operator")
    kinds = "deployment,service,configmap,role,rolebinding,poddisruptionbudget,networkpolicy,secret"
    assert names(undefined, SYSTEM, kinds) == {"configmap/kube-root-ca.crt"}
    assert names(undefined, "default", "ufs") == {"unionflowstream.unionflow.lions.dev/mutuelle"}

    here.install(OPERATOR, "unionflow-operator")  # over the definition that was kept
    assert names(undefined, SYSTEM, "deployment") == {"deployment/unionflow-operator"}


def apply_stream(control: ControlPlane, namespace: str, name: str, spec: Mapping[str, Any]) -> None:
    one = {
        "apiVersion": "unionflow.lions.dev/v1alpha1",
        "kind": "UnionflowStream",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
    control.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(one))


def image_of(deployment: Any) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_definition_that_kubectl_had_installed_is_taken_over_as_the_docs_say(
    undefined: ControlPlane, helm: Helm
) -> None:
    undefined.kubectl("apply", "--server-side", "-f", str(FILE))
    values = {"fullnameOverride": "other", "rbac": {"aggregate": False}}
    with pytest.raises(helm_python.HelmError, match="cannot be imported into the current release"):
        helm("other").install(OPERATOR, "other", values, create_namespace=True)
    owner = ("meta.helm.sh/release-name=other", "meta.helm.sh/release-namespace=other")
    undefined.kubectl("annotate", DEFINITION, *owner)
    undefined.kubectl("label", DEFINITION, "app.kubernetes.io/managed-by=Helm")
    helm("other").install(OPERATOR, "other", values, create_namespace=True)
    assert names(undefined, "other", "deployment") == {"deployment/other"}


def test_the_stack_from_install_to_uninstall(
    defined: ControlPlane,
    helm: Helm,
    kubelet: Kubelet,
    tmp_path: Path,
) -> None:
    here = helm(PROD)
    old = with_values(SMALLEST, {"backend": {"replicaCount": 1}})
    here.install(before(STACK, tmp_path), "unionflow", old, create_namespace=True, timeout=TIMEOUT)
    assert kubelet.ended == ["migrate"]  # before the release's own objects: it has waited for it
    deployment = get(defined, "-n", PROD, "deployment/unionflow-backend")
    assert image_of(deployment) == "unionflow/backend:0.0.9"
    assert names(defined, PROD, "job") == set()
    assert names(defined, PROD, "secret") == {
        "secret/unionflow-backend-database",
        "secret/sh.helm.release.v1.unionflow.v1",
    }

    here.upgrade(STACK, "unionflow", dict(SMALLEST), timeout=TIMEOUT)
    assert kubelet.ended == ["migrate", "migrate"]
    deployment = get(defined, "-n", PROD, "deployment/unionflow-backend")
    assert (image_of(deployment), deployment["spec"]["replicas"]) == (
        f"unionflow/backend:{VERSION}",
        2,
    )

    here.rollback("unionflow")
    assert image_of(get(defined, "-n", PROD, "deployment/unionflow-backend")).endswith(":0.0.9")
    assert kubelet.ended == ["migrate", "migrate"]  # the database is not brought back

    here.uninstall("unionflow")
    kinds = "ufs,deployment,service,configmap,secret,serviceaccount,pdb,networkpolicy,job,ingress"
    assert names(defined, PROD, kinds) == {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def test_where_the_migration_fails_nothing_else_is_changed(
    defined: ControlPlane, helm: Helm, kubelet: Kubelet
) -> None:
    kubelet.fails = True
    values = with_values(SMALLEST, {"migration": {"backoffLimit": 0}})
    with pytest.raises(helm_python.HelmError, match="failed pre-install: resource Job/"):
        helm("failing").install(STACK, "unionflow", values, create_namespace=True, timeout=TIMEOUT)
    assert names(defined, "failing", "ufs,deployment,service") == set()
    assert names(defined, "failing", "job") == {"job/unionflow-backend-migrate"}  # to read its log


@pytest.mark.parametrize("fails", [False, True], ids=["passes", "fails"])
@pytest.mark.usefixtures("defined")
def test_helm_test_says_whether_its_pod(helm: Helm, kubelet: Kubelet, fails: bool) -> None:
    name = f"tried-{int(fails)}"
    here = helm(name)
    values = with_values(SMALLEST, {"backend": {"enabled": False}})
    here.install(STACK, name, values, create_namespace=True)
    kubelet.fails = fails
    if fails:
        with pytest.raises(helm_python.HelmError):
            here.test(name, timeout=TIMEOUT)
    else:
        here.test(name, timeout=TIMEOUT)
    assert kubelet.ended == ["python -m unionflow_relay.trial"]


def test_the_books_stay_when_their_release_goes(defined: ControlPlane, helm: Helm) -> None:
    values = with_values(SMALLEST, {"database": {"host": "", "sqlite": {"enabled": True}}})
    here = helm("books")
    here.install(STACK, "unionflow", values, create_namespace=True)
    here.uninstall("unionflow")
    assert names(defined, "books", "pvc") == {"persistentvolumeclaim/unionflow-backend-data"}
    here.install(STACK, "unionflow", values)  # and are taken up again


def test_an_ingress_of_each_part_leads_to_its_own_service(
    defined: ControlPlane, helm: Helm
) -> None:
    ingress = {"enabled": True, "className": "nginx", "host": "a.example", "path": "/uf"}
    values = with_values(SMALLEST, {"ingress": ingress, "migration": {"enabled": False}})
    helm("ways").install(STACK, "unionflow", values, create_namespace=True)
    [rule] = get(defined, "-n", "ways", "ingress/unionflow-backend")["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/uf"]
    exposure = get(defined, "-n", "ways", "ufs/unionflow")["spec"]["exposure"]
    assert {name: exposure[name] for name in ("host", "path", "ingressClassName")} == {
        "host": "a.example",
        "path": "/uf",
        "ingressClassName": "nginx",
    }
