"""What the charts let the operator, and people, do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helm.charts import OPERATOR, labels_of, render
from tests.helm.permutations import rendered
from unionflow_operator.adapters.kube.rights import OF_ITSELF, OF_STREAMS, Right

pytestmark = pytest.mark.helm


def rights(rules: Any) -> frozenset[Right]:
    return frozenset(
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


@pytest.mark.parametrize(
    ("namespaces", "kinds"),
    [([], {"ClusterRole"}), (["prod"], {"Role"}), (["a", "b"], {"Role"})],
    ids=["everywhere", "in one namespace", "in two"],
)
def test_the_operators_account_gets_its_table_of_rights(
    namespaces: list[str], kinds: set[str]
) -> None:
    found = render(
        OPERATOR,
        {"watchNamespaces": namespaces, "rbac": {"aggregate": False}},
        "unionflow-operator",
    )
    roles = [*found.of("ClusterRole"), *found.of("Role")]
    of_streams = [role for role in roles if rights(role["rules"]) == OF_STREAMS]
    [own] = [role for role in roles if role not in of_streams]
    assert {role["kind"] for role in of_streams} == kinds
    assert {role["metadata"].get("namespace", "") for role in of_streams} == set(namespaces or [""])
    assert rights(own["rules"]) == OF_ITSELF
    bindings = [*found.of("ClusterRoleBinding"), *found.of("RoleBinding")]
    assert len(bindings) == len(roles)
    account = found.one("ServiceAccount")["metadata"]["name"]
    assert {subject["name"] for one in bindings for subject in one["subjects"]} == {account}


def test_people_may_change_streams_and_nobody_their_status() -> None:
    found = rendered("operator: nothing said")
    given = {
        right
        for one in found.of("ClusterRole")
        if "rbac.authorization.k8s.io/aggregate-to-edit" in labels_of(one)
        for right in rights(one["rules"])
    }
    assert {right.resource for right in given} == {"unionflowstreams", "unionflowstreams/scale"}
