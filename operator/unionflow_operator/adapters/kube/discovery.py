"""Which of its neighbours' kinds a cluster has."""

from __future__ import annotations

from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.kinds import OPTIONAL_CHILDREN
from unionflow_operator.core.cache import Kind
from unionflow_operator.core.observed import OptionalApi


async def served_kinds(client: KubeClient) -> frozenset[Kind]:
    """Those of the optional kinds that the API server serves. Raises KubeFault."""
    groups = sorted({(kind.group, kind.version) for kind in OPTIONAL_CHILDREN})
    served = {group: await client.served(*group) for group in groups}
    return frozenset(
        kind for kind in OPTIONAL_CHILDREN if kind.plural in served[kind.group, kind.version]
    )


def optional_api(kind: Kind) -> OptionalApi:
    """The same kind in the core's word."""
    return OptionalApi(f"{kind.kind}.{kind.group}")
