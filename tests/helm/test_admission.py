"""A real API server takes every object of the charts, and every pod where pods are restricted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import httpx
import pytest

from tests.helm.charts import Object, render
from tests.helm.permutations import ALL
from tests.support.apiserver import ApiServer

pytestmark = pytest.mark.helm
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}
TRIED: Mapping[str, str] = {"dryRun": "All", "fieldManager": "helm", "fieldValidation": "Strict"}


@pytest.fixture(scope="module")
def restricted(apiserver: ApiServer) -> Iterator[str]:
    """A namespace whose pods have to be restricted."""
    name = apiserver.make_namespace()
    apiserver.kubectl("label", "namespace", name, *(f"{k}={v}" for k, v in RESTRICTED.items()))
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    apiserver.control.wait("the default service account", apiserver.client, account)
    yield name
    apiserver.remove_namespace(name)


@pytest.mark.parametrize("what", ALL)
def test_every_object_is_taken_when(apiserver: ApiServer, restricted: str, what: str) -> None:
    chart, values = ALL[what]
    found = render(chart, values)
    refused = [
        f"{one['kind']} {one['metadata']['name']}: {answer.text}"
        for one in found.objects
        if not (answer := applied(apiserver, restricted, one)).is_success
    ]
    assert refused == []
    pods = {name: try_pod(apiserver, restricted, pod["spec"]) for name, pod in found.pods()}
    assert {name: answer.text for name, answer in pods.items() if answer.status_code != 201} == {}


def applied(apiserver: ApiServer, namespace: str, one: Object) -> httpx.Response:
    """Whether it would be taken: as Helm applies it, and nothing is kept."""
    version, kind, metadata = one["apiVersion"], one["kind"], dict(one["metadata"])
    plural, namespaced = resources(apiserver, version)[kind]
    group = f"apis/{version}" if "/" in version else f"api/{version}"
    inside = f"/namespaces/{namespace}" if namespaced else ""
    if namespaced:
        assert metadata["namespace"] == "prod"
        metadata["namespace"] = namespace
    path = f"/{group}{inside}/{plural}/{metadata['name']}"
    body = {**one, "metadata": metadata}
    return apiserver.client.patch(path, json=body, headers=APPLY, params={**TRIED, "force": "true"})


@cache
def resources(apiserver: ApiServer, version: str) -> Mapping[str, tuple[str, bool]]:
    """By kind: its plural, and whether it lies in namespaces."""
    found = apiserver.client.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
    listed = found.raise_for_status().json()["resources"]
    whole = [one for one in listed if "/" not in one["name"]]
    return {one["kind"]: (one["name"], one["namespaced"]) for one in whole}


def try_pod(apiserver: ApiServer, namespace: str, spec: Mapping[str, Any]) -> httpx.Response:
    """Whether a pod of it would be let in. Its account is made by the release, and not here."""
    body = {
        "metadata": {"generateName": "tried-"},
        "spec": {"restartPolicy": "Always", **spec, "serviceAccountName": "default"},
    }
    return apiserver.client.post(f"/api/v1/namespaces/{namespace}/pods", json=body, params=TRIED)


def test_a_pod_that_asks_for_more_is_not_let_in_there(
    apiserver: ApiServer, restricted: str
) -> None:
    """So the check above can fail."""
    container = {"name": "x", "image": "x", "securityContext": {"privileged": True}}
    answer = try_pod(apiserver, restricted, {"containers": [container]})
    assert answer.status_code == 403
    assert 'violates PodSecurity "restricted' in answer.json()["message"]


def test_a_field_that_no_kind_has_is_not_taken(apiserver: ApiServer, restricted: str) -> None:
    one = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x", "namespace": "prod"},
        "spec": {"ports": [{"port": 1}], "selectors": {}},
    }
    assert "field not declared in schema" in applied(apiserver, restricted, one).text
