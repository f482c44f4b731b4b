"""The operator's account may do what its table of rights says: neither less nor more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.files import ROOT
from tests.support.apiserver import ApiServer
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.rights import OF_ITSELF, OF_STREAMS, Right, Rights
from unionflow_operator.core.desired import KINDS
from unionflow_operator.errors import RightMissing

CLUSTER = Path("manifests/operator/roles.yaml")
NAMESPACED = Path("manifests/namespaced/streams/roles.yaml")
SUBJECT = "system:serviceaccount:unionflow-system:unionflow-operator"


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / path).read_text()))


def rights_of(path: Path, kind: str) -> frozenset[Right]:
    role = next(document for document in documents(path) if document["kind"] == kind)
    return frozenset(
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        (CLUSTER, "ClusterRole", OF_STREAMS),
        (CLUSTER, "Role", OF_ITSELF),
        (NAMESPACED, "Role", OF_STREAMS),
    ],
    ids=["streams everywhere", "itself", "streams of a namespace"],
)
def test_a_role_gives_what_the_table_says(path: Path, kind: str, wanted: frozenset[Right]) -> None:
    assert rights_of(path, kind) == wanted


def test_no_right_is_a_pattern() -> None:
    assert [right for right in OF_STREAMS | OF_ITSELF if "*" in str(right)] == []


def test_secrets_are_only_read_by_name() -> None:
    verbs = {right.verb for right in OF_STREAMS | OF_ITSELF if right.resource == "secrets"}
    assert verbs == {"get"}


def test_every_kind_that_the_core_makes_is_one_of_the_table() -> None:
    assert {kinds.kind_named(*named) for named in KINDS} == set(kinds.CHILDREN)


@pytest.mark.parametrize(
    ("method", "kind", "subresource", "named"),
    [
        ("GET", kinds.SECRET, "", False),
        ("DELETE", kinds.STREAM, "", True),
        ("PUT", kinds.DEPLOYMENT, "", True),
        ("GET", kinds.STREAM, "", True),
        ("PATCH", kinds.POD, "", True),
    ],
    ids=str,
)
def test_a_request_that_is_not_in_the_table_is_not_sent(
    method: str, kind: Any, subresource: str, named: bool
) -> None:
    with pytest.raises(RightMissing):
        Rights().check(method, kind, subresource, named=named)


def calls(path: Path) -> Iterator[str]:
    """`Request("PATCH", …)` and the client's own methods, as they stand in the code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node)


def test_requests_go_through_the_client_that_holds_them_against_the_table() -> None:
    package = ROOT / "operator/unionflow_operator"
    elsewhere = [
        f"{path.relative_to(package)}: {call[:60]}"
        for path in package.rglob("*.py")
        if path.name != "client.py"
        for call in calls(path)
        if "call_api" in call or call.startswith(("ApiClient(", "CoreV1Api(", "DynamicClient("))
    ]
    assert elsewhere == []


def test_the_account_can_do_on_a_real_api_server_what_the_table_says(
    apiserver: ApiServer, namespace: str
) -> None:
    role = rights_of(NAMESPACED, "Role") | OF_ITSELF
    bind(apiserver, namespace, role)
    answers = {right: may(apiserver, namespace, right) for right in sorted(role)}
    assert [right for right, allowed in answers.items() if not allowed] == []
    beyond = Right("", "secrets", "list")
    assert not may(apiserver, namespace, beyond)


def bind(apiserver: ApiServer, namespace: str, rights: frozenset[Right]) -> None:
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rules = [
        {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb]}
        for right in rights
    ]
    name = {"metadata": {"name": "operator"}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"}
    subject = {"kind": "User", "name": SUBJECT, "apiGroup": "rbac.authorization.k8s.io"}
    role = {**name, "rules": rules}
    binding = {**name, "roleRef": reference, "subjects": [subject]}
    for plural, body in (("roles", role), ("rolebindings", binding)):
        apiserver.client.post(f"{rbac}/{plural}", json=body).raise_for_status()


def may(apiserver: ApiServer, namespace: str, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "namespace": namespace,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "verb": right.verb,
    }
    review = {"spec": {"user": SUBJECT, "resourceAttributes": attributes}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = apiserver.client.post(path, json=review)
    answer.raise_for_status()
    return bool(answer.json()["status"]["allowed"])
