"""What a list tells of an object is what the watch and a read tell of it."""

from __future__ import annotations

import math

from tests.support.apiserver import ApiServer
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.connection import load_configuration
from unionflow_operator.adapters.kube.kinds import SERVICE_ACCOUNT
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Name
from unionflow_operator.core.lease import Fence


async def test_an_object_of_a_list_is_the_object_that_is_read(
    apiserver: ApiServer, namespace: str
) -> None:
    """Of a built-in kind, the items of a list have neither `apiVersion` nor `kind`."""
    configuration = await load_configuration(str(apiserver.kubeconfig))
    client = KubeClient(configuration, Fence(math.inf), OperatorMetrics())
    try:
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "one"}}
        name = Name(namespace, "one")
        applied = await client.apply(SERVICE_ACCOUNT, name, body, force=False)
        listed, version = await client.list(SERVICE_ACCOUNT, namespace)
        assert [one for one in listed if one["metadata"]["name"] == "one"] == [applied]
        assert await client.get(SERVICE_ACCOUNT, name) == applied
        assert version >= int(applied["metadata"]["resourceVersion"])
    finally:
        await client.close()
