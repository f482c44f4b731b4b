"""What a converged cluster costs its API server, by the server's own counters."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.support.apiserver import ApiServer

WRITES = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"})
# Of kinds that Kubernetes' own controllers write to only in their subresource `status`.
OURS = frozenset(
    {
        "unionflowstreams",
        "deployments",
        "configmaps",
        "services",
        "serviceaccounts",
        "ingresses",
        "networkpolicies",
        "poddisruptionbudgets",
        "horizontalpodautoscalers",
        "servicemonitors",
        "prometheusrules",
        "httproutes",
        "scaledobjects",
    }
)


def requests(api: ApiServer) -> Mapping[tuple[str, str, str], float]:
    """How many requests there were by verb, resource and subresource."""
    answer = api.client.get("/metrics")
    answer.raise_for_status()
    found: dict[tuple[str, str, str], float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == "apiserver_request_total":
                labels = sample.labels
                key = (labels["verb"], labels["resource"], labels["subresource"])
                found[key] = found.get(key, 0) + sample.value
    return found


def since(
    before: Mapping[tuple[str, str, str], float], after: Mapping[tuple[str, str, str], float]
) -> Mapping[tuple[str, str, str], float]:
    """The requests in between, of those that there were."""
    return {
        key: count - before.get(key, 0)
        for key, count in after.items()
        if count > before.get(key, 0)
    }


def our_writes(
    between: Mapping[tuple[str, str, str], float],
) -> Mapping[tuple[str, str, str], float]:
    """Those that only the operator makes. Its writes of Events and Leases are not among them."""
    return {
        (verb, resource, subresource): count
        for (verb, resource, subresource), count in between.items()
        if verb in WRITES
        and resource in OURS
        and (not subresource or resource == "unionflowstreams")
    }
