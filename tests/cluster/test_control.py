"""The control plane behaves as a cluster's does, and takes the faults that tests give it."""

from __future__ import annotations

import httpx
import pytest

from tests.cluster.neighbours import NEIGHBOURS
from tests.operator.api.objects import create, path, stream
from tests.support.apiserver import ApiServer
from tests.support.waiting import wait_until


def config_map(owner_uid: str) -> object:
    owner = {
        "apiVersion": "unionflow.lions.dev/v1alpha1",
        "kind": "UnionflowStream",
        "name": "mutuelle",
        "uid": owner_uid,
    }
    return {"metadata": {"name": "child", "ownerReferences": [owner]}}


def test_what_a_stream_owns_goes_with_it(apiserver: ApiServer, namespace: str) -> None:
    owner = create(apiserver.client, namespace, stream()).object
    children = f"/api/v1/namespaces/{namespace}/configmaps"
    made = apiserver.client.post(children, json=config_map(owner["metadata"]["uid"]))
    assert made.status_code == 201
    apiserver.client.delete(path(namespace, "mutuelle")).raise_for_status()
    wait_until(lambda: apiserver.client.get(f"{children}/child").status_code == 404)


def test_the_neighbours_kinds_are_served(apiserver: ApiServer) -> None:
    served = apiserver.kubectl("get", "crd", "-o", "name").stdout.split()
    assert len(served) == sum(len(one.files) for one in NEIGHBOURS) + 1


def test_an_account_without_rights_has_none(apiserver: ApiServer) -> None:
    done = apiserver.control.kubectl("get", "pods", user="nobody", check=False)
    assert 'User "nobody" cannot list resource "pods"' in done.stderr


def test_an_api_server_can_be_paused_and_killed_and_comes_back_with_what_it_had(
    own_apiserver: ApiServer,
) -> None:
    namespace = own_apiserver.make_namespace()
    own_apiserver.pause()
    with pytest.raises(httpx.TimeoutException):
        own_apiserver.client.get("/readyz", timeout=0.3)
    own_apiserver.resume()
    assert own_apiserver.client.get(f"/api/v1/namespaces/{namespace}").status_code == 200
    own_apiserver.kill()
    with pytest.raises(httpx.TransportError):
        own_apiserver.client.get("/readyz")
    own_apiserver.start_again()
    assert own_apiserver.client.get(f"/api/v1/namespaces/{namespace}").status_code == 200
