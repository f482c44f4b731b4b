"""The settings of the operator that a cluster has: what it would do depends on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unionflow_cli.plan.reading import FORBIDDEN
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.policy import Policy
from unionflow_operator.errors import KubeFault
from unionflow_operator.monitoring import RUNBOOKS, load_bundle
from unionflow_operator.settings import Settings

NAMESPACE: str = Settings.model_fields["pod_namespace"].default
IMAGE: str = Settings.model_fields["relay_image"].default
_LABELS = "app.kubernetes.io/part-of=unionflow-streams,app.kubernetes.io/component=operator"
_IMAGE_VARIABLE = "UNIONFLOW_RELAY_IMAGE"
_RUNBOOKS_VARIABLE = "UNIONFLOW_RUNBOOKS_URL"
_POLICY_VARIABLE = "UNIONFLOW_POLICY_FILE"


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller says of the operator's settings; None leaves it to what is found."""

    namespace: str = NAMESPACE
    relay_image: str | None = None
    policy: Policy | None = None


def installation_of(given: Given, environment: Mapping[str, str]) -> Installation:
    """As the operator has it. environment: of its container, as far as it is known."""
    return Installation(
        relay_image=given.relay_image or environment.get(_IMAGE_VARIABLE) or IMAGE,
        namespace=given.namespace,
        policy=given.policy or Policy(),
        monitoring=load_bundle(environment.get(_RUNBOOKS_VARIABLE) or RUNBOOKS),
    )


async def look_for_operator(
    client: KubeClient, given: Given
) -> tuple[Installation, tuple[str, ...]]:
    """The installation, and what is to be said of it.

    Raises:
        KubeFault: the API server could not be asked.
    """
    environment = await _environment(client, given.namespace)
    if environment is None:
        unseen = f"no operator is seen in namespace {given.namespace}: its defaults are taken"
        notes = () if given.relay_image else (f"{unseen} (--operator-namespace, --relay-image)",)
        return installation_of(given, {}), notes
    notes = ()
    if environment.get(_POLICY_VARIABLE) and given.policy is None:
        notes = ("the operator has a policy, which is not known here: name the file by --policy",)
    return installation_of(given, environment), notes


async def _environment(client: KubeClient, namespace: str) -> Mapping[str, str] | None:
    """The operator's variables that are written in its Deployment; None where there is none."""
    try:
        found, _ = await client.list(kinds.DEPLOYMENT, namespace, _LABELS)
    except KubeFault as fault:
        if fault.status in {FORBIDDEN, 404}:
            return None
        raise
    if not found:
        return None
    containers: list[Any] = found[0]["spec"]["template"]["spec"]["containers"]
    return {
        variable["name"]: variable["value"]
        for container in containers
        for variable in container.get("env") or ()
        if "value" in variable
    }
