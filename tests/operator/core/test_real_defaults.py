"""A real API server takes every object, and what it makes of one is no drift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.operator.core.golden_plans import LARGE, SMALL
from tests.operator.core.world import World
from tests.support.apiserver import ApiServer
from unionflow_operator.core.children.deployment import deployment, with_live_replicas
from unionflow_operator.core.children.service_account import service_account
from unionflow_operator.core.diff import differences, with_hash
from unionflow_operator.core.observed import Manifest

EXTRAS: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "relay": {
        "autoscaling": {"engine": "KEDA"},
        "drainSeconds": 0,
        "resources": {"requests": {"cpu": "1000m", "memory": "0.5Gi"}, "limits": {"cpu": "2.50"}},
        "imagePullSecrets": [{"name": "registry"}],
        "pod": {
            "labels": {"team": "mutuelle"},
            "annotations": {"note": ""},
            "env": [{"name": "TZ", "value": "UTC"}],
            "nodeSelector": {"pool": "relays"},
            "tolerations": [{"operator": "Exists"}, {"key": "spot", "value": "true"}],
            "affinity": {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "podAffinityTerm": {"topologyKey": "zone"}}
                    ]
                }
            },
            "topologySpreadConstraints": [{"topologyKey": "zone"}],
        },
    },
    "networkPolicy": {"clientsFrom": [{"podSelector": {}}]},
    "monitoring": {"labels": {"release": "prometheus"}},
}
PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}


def path_of(manifest: Manifest, namespace: str) -> str:
    version, kind = manifest["apiVersion"], manifest["kind"]
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}/{manifest['metadata']['name']}"


def apply(apiserver: ApiServer, namespace: str, manifest: Mapping[str, Any]) -> Any:
    answer = apiserver.client.patch(
        path_of(manifest, namespace),
        params={"fieldManager": "unionflow-operator", "force": "true"},
        headers={"Content-Type": "application/apply-patch+yaml"},
        content=json.dumps(manifest),
    )
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize(
    "spec", [SMALL, LARGE, EXTRAS], ids=["a small stream", "a large one", "all extras"]
)
def test_an_object_that_was_just_applied_needs_no_change(
    apiserver: ApiServer, namespace: str, spec: dict[str, Any]
) -> None:
    for planned in World(spec).plan().manifests:
        manifest = with_hash(orphan(planned, namespace))
        live = apply(apiserver, namespace, manifest)
        assert differences(live, manifest) == (), manifest["kind"]


def orphan(manifest: Manifest, namespace: str) -> Manifest:
    """Without its owner, which is not there: the collector would take the object away."""
    metadata = {**manifest["metadata"], "namespace": namespace}
    del metadata["ownerReferences"]
    return {**manifest, "metadata": metadata}


@pytest.mark.parametrize(("keeps", "replicas"), [(True, 4), (False, 1)])
def test_an_autoscaler_finds_as_many_relays_as_there_were(
    apiserver: ApiServer, namespace: str, keeps: bool, replicas: int
) -> None:
    fixed = {**EXTRAS, "relay": {"replicas": 4}}
    scaled = {**EXTRAS, "relay": {"autoscaling": {"minReplicas": 2}}}
    live = apply(apiserver, namespace, orphan(deployment(World(fixed).observe()), namespace))
    bare = orphan(deployment(World(scaled).observe()), namespace)
    after = apply(apiserver, namespace, with_live_replicas(bare, live, 2) if keeps else bare)
    assert after["spec"]["replicas"] == replicas


@pytest.mark.parametrize("spec", [SMALL, LARGE, EXTRAS], ids=["small", "large", "all extras"])
def test_the_pods_are_let_into_a_restricted_namespace(
    apiserver: ApiServer, namespace: str, spec: dict[str, Any]
) -> None:
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    apiserver.client.patch(
        f"/api/v1/namespaces/{namespace}",
        headers={"Content-Type": "application/merge-patch+json"},
        content=json.dumps(label),
    ).raise_for_status()
    observed = World(spec).observe()
    apply(apiserver, namespace, orphan(service_account(observed.stream), namespace))
    template = deployment(observed)["spec"]["template"]
    pod_spec = {**template["spec"]}
    pod_spec.pop("priorityClassName", None)  # there is no such class here
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": pod_spec, "metadata": {"name": "relay"}}
    pods = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
    answer = apiserver.client.post(pods, json=pod)
    assert answer.is_success, answer.text
    rude = {**pod_spec, "hostNetwork": True}
    assert apiserver.client.post(pods, json={**pod, "spec": rude}).status_code == 403
