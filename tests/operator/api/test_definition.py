"""The API server takes the definition with all its rules, and explains every field.

That the file is what the models say, tests/house/test_reference.py holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.house.files import ROOT
from tests.operator.api.objects import create, path, stream, try_create
from tests.support.apiserver import ApiServer
from unionflow_operator.api.crd import definition
from unionflow_operator.api.stream import GROUP, VERSION


def test_the_api_server_serves_every_rule_and_default(apiserver: ApiServer) -> None:
    found = apiserver.client.get(
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/unionflowstreams.{GROUP}"
    ).json()
    ours = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert found["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == ours
    bad = [one for one in found["status"]["conditions"] if one["type"] == "NonStructuralSchema"]
    assert bad == []


def test_kustomize_brings_the_definition(apiserver: ApiServer) -> None:
    made = apiserver.kubectl("kustomize", str(ROOT / "manifests")).stdout
    assert definition()["metadata"]["name"] in {
        one["metadata"]["name"] for one in yaml.safe_load_all(made)
    }


def test_every_list_and_text_has_a_bound() -> None:
    """Without one, the API server cannot tell what a rule may cost."""
    unbounded = [where for where, part in fields(schema_of("spec")) if not is_bounded(part)]
    assert unbounded == []


def test_a_served_field_has_a_description(apiserver: ApiServer) -> None:
    """This is what `kubectl explain` reads."""
    served = apiserver.client.get(f"/openapi/v3/apis/{GROUP}/{VERSION}").json()
    schemas = served["components"]["schemas"]
    ours = next(one for name, one in schemas.items() if name.endswith("UnionflowStream"))
    parts = [part for name in ("spec", "status") for part in fields(ours["properties"][name], name)]
    assert len(parts) > 200
    assert [where for where, part in parts if not part.get("description")] == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("ufs", "A stream of UnionFlow"),
        ("ufs.spec.auth", "say jwksUrl, secretRef or none: true"),
        ("ufs.spec.topics.deletionPolicy", "Delete removes both for ever"),
        ("ufs.spec.relay.pod.topologySpreadConstraints", "How evenly the relays lie"),
    ],
)
def test_kubectl_explains(apiserver: ApiServer, field: str, words: str) -> None:
    explained = " ".join(apiserver.kubectl("explain", field).stdout.split())
    assert words in explained


def test_kubectl_scale_sets_replicas(apiserver: ApiServer, namespace: str) -> None:
    create(apiserver.client, namespace, stream())
    apiserver.kubectl("scale", "-n", namespace, "ufs/mutuelle", "--replicas=5")
    found = apiserver.client.get(path(namespace, "mutuelle")).json()
    assert found["spec"]["relay"]["replicas"] == 5


def test_kubectl_scale_is_refused_beside_autoscaling(apiserver: ApiServer, namespace: str) -> None:
    create(apiserver.client, namespace, stream(relay={"autoscaling": {}}))
    words = ("scale", "-n", namespace, "ufs/mutuelle", "--replicas=5")
    done = apiserver.kubectl(*words, check=False)
    assert "replicas and autoscaling contradict each other" in done.stderr


def schema_of(name: str) -> Mapping[str, Any]:
    version = definition()["spec"]["versions"][0]
    schema: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]["properties"][name]
    return schema


def fields(schema: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field below, with its path."""
    for name, part in schema.get("properties", {}).items():
        yield f"{where}.{name}", part
        yield from fields(part, f"{where}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{where}[]")


def is_bounded(part: Mapping[str, Any]) -> bool:
    bounds: Mapping[str | None, tuple[str, ...]] = {
        "array": ("maxItems",),
        "integer": ("minimum", "maximum"),
        "string": ("enum",) if "enum" in part else ("maxLength",),
        "object": ("maxProperties",) if "additionalProperties" in part else (),
        None: ("maxLength",),  # an int-or-string
    }
    inner = part.get("additionalProperties") or part.get("items")
    held = all(bound in part for bound in bounds.get(part.get("type"), ()))
    return held and (inner is None or is_bounded(inner))


def test_the_largest_stream_costs_no_more_than_rules_may(apiserver: ApiServer) -> None:
    """The API server counts what rules cost while it runs them, too."""
    config = {f"{number:02}.{'c' * 200}": "1" for number in range(63)}
    topics = [
        {
            "name": f"{number:02}{'n' * 197}",
            "topicName": f"{number:02}{'t' * 247}" if number % 2 else None,
            "replicationFactor": 3,
            "config": {**config, "min.insync.replicas": 2},
        }
        for number in range(64)
    ]
    env = [{"name": f"{'E' * 250}_{number}", "value": "v" * 500} for number in range(64)]
    labels = {f"{number:02}.example/{'l' * 60}": "v" * 63 for number in range(32)}
    largest = stream(
        topicPrefix="p" * 50,
        topics=[{key: value for key, value in one.items() if value is not None} for one in topics],
        relay={
            "pod": {"env": env, "labels": labels, "nodeSelector": labels},
            "limits": {"trustedProxies": [f"2001:db8:{number:x}::/48" for number in range(64)]},
        },
    )
    assert try_create(apiserver.client, largest).refusals == ()
