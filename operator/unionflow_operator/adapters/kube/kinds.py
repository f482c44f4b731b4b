"""The kinds of objects that the operator knows, and how each is called in a URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unionflow_operator.core.cache import Kind

STREAM = Kind("unionflow.lions.dev", "v1alpha1", "UnionflowStream", "unionflowstreams")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
SERVICE = Kind("", "v1", "Service", "services")
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
INGRESS = Kind("networking.k8s.io", "v1", "Ingress", "ingresses")
NETWORK_POLICY = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
HPA = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
PDB = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
HTTP_ROUTE = Kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
SERVICE_MONITOR = Kind("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")
PROMETHEUS_RULE = Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
SCALED_OBJECT = Kind("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
POD = Kind("", "v1", "Pod", "pods")
SECRET = Kind("", "v1", "Secret", "secrets")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
EVENT = Kind("events.k8s.io", "v1", "Event", "events")

BUILT_IN_CHILDREN = (
    DEPLOYMENT,
    CONFIG_MAP,
    SERVICE,
    SERVICE_ACCOUNT,
    INGRESS,
    NETWORK_POLICY,
    HPA,
    PDB,
)
OPTIONAL_CHILDREN = (HTTP_ROUTE, SERVICE_MONITOR, PROMETHEUS_RULE, SCALED_OBJECT)
"""Of neighbours whose CRDs a cluster may have or not."""

CHILDREN = BUILT_IN_CHILDREN + OPTIONAL_CHILDREN
_BY_NAME: Mapping[tuple[str, str], Kind] = {
    (kind.api_version, kind.kind): kind for kind in (STREAM, *CHILDREN, POD, SECRET, LEASE, EVENT)
}


def kind_named(api_version: str, kind: str) -> Kind:
    """The kind that an object's `apiVersion` and `kind` name.

    Raises:
        KeyError: the operator knows none of that name.
    """
    return _BY_NAME[api_version, kind]


def path_of(kind: Kind, namespace: str | None, name: str = "", subresource: str = "") -> str:
    """`/apis/apps/v1/namespaces/prod/deployments/x/status`. namespace: None for all of them."""
    parts: Iterable[str] = (
        "apis" if kind.group else "api",
        kind.api_version,
        f"namespaces/{namespace}" if namespace is not None else "",
        kind.plural,
        name,
        subresource,
    )
    return "/" + "/".join(part for part in parts if part)
