"""All objects that a stream is to have, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from unionflow_operator.api.scaling import ScalingEngine
from unionflow_operator.api.spec import Presence
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.children.autoscaler import autoscaler, scaled_object
from unionflow_operator.core.children.config_map import config_map
from unionflow_operator.core.children.deployment import deployment
from unionflow_operator.core.children.disruption_budget import disruption_budget
from unionflow_operator.core.children.exposure import http_route, ingress
from unionflow_operator.core.children.monitoring import dashboard, prometheus_rule, service_monitor
from unionflow_operator.core.children.network_policy import network_policy
from unionflow_operator.core.children.service import service
from unionflow_operator.core.children.service_account import service_account
from unionflow_operator.core.manifest import relay_name
from unionflow_operator.core.observed import ChildKey, Manifest, Observed, OptionalApi

# Whatever a stream could ever have: what is looked up, and what is pruned.
KINDS: Final = (
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("apps/v1", "Deployment"),
    ("policy/v1", "PodDisruptionBudget"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("networking.k8s.io/v1", "Ingress"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What the spec asks for and the cluster cannot have, since a CRD is not installed."""

    apis: frozenset[OptionalApi]
    """Those that were asked for by name."""
    left_out: frozenset[OptionalApi]
    """Those that were to be made only where they can be (`Auto`)."""


def child_keys(stream: Stream) -> tuple[ChildKey, ...]:
    """The names that the stream's objects have, or would have."""
    own = [ChildKey(version, kind, relay_name(stream)) for version, kind in KINDS]
    return (*own, ChildKey("v1", "ConfigMap", f"{relay_name(stream)}-dashboard"))


def desired(observed: Observed) -> tuple[Manifest, ...]:
    """The objects that the spec asks for and the cluster can have."""
    return tuple(_always(observed)) + tuple(_by_wish(observed)) + tuple(_monitoring(observed))


def missing(observed: Observed) -> Missing:
    """What cannot be made here."""
    spec = observed.stream.spec
    wishes = {
        OptionalApi.SERVICE_MONITOR: spec.monitoring.service_monitor,
        OptionalApi.PROMETHEUS_RULE: spec.monitoring.prometheus_rule,
        OptionalApi.HTTP_ROUTE: _presence(spec.exposure is not None and spec.exposure.gateway),
        OptionalApi.SCALED_OBJECT: _presence(
            spec.relay.autoscaling is not None
            and spec.relay.autoscaling.engine is ScalingEngine.KEDA
        ),
    }
    absent = {api: wish for api, wish in wishes.items() if api not in observed.served}
    return Missing(
        frozenset(api for api, wish in absent.items() if wish is Presence.ALWAYS),
        frozenset(api for api, wish in absent.items() if wish is Presence.AUTO),
    )


def _presence(asked: object) -> Presence:
    return Presence.ALWAYS if asked else Presence.NEVER


def _always(observed: Observed) -> Iterator[Manifest]:
    stream = observed.stream
    yield service_account(stream)
    yield config_map(stream)
    yield service(stream)
    if stream.spec.network_policy.enabled:
        yield network_policy(stream, observed.installation)
    yield deployment(observed)


def _by_wish(observed: Observed) -> Iterator[Manifest]:
    stream, spec = observed.stream, observed.stream.spec
    if spec.disruption_budget.enabled:
        yield disruption_budget(stream)
    scaling = spec.relay.autoscaling
    if scaling is not None and scaling.engine is ScalingEngine.HPA:
        yield autoscaler(stream, scaling)
    elif scaling is not None and OptionalApi.SCALED_OBJECT in observed.served:
        yield scaled_object(stream, scaling)
    exposure = spec.exposure
    if exposure is not None and exposure.ingress_class_name is not None:
        yield ingress(stream, exposure, exposure.ingress_class_name)
    gateway = exposure.gateway if exposure is not None else None
    if exposure is not None and gateway is not None and OptionalApi.HTTP_ROUTE in observed.served:
        yield http_route(stream, exposure, gateway)


def _monitoring(observed: Observed) -> Iterator[Manifest]:
    stream, wish = observed.stream, observed.stream.spec.monitoring
    bundle = observed.installation.monitoring
    served = observed.served
    has_monitor = (
        wish.service_monitor is not Presence.NEVER and OptionalApi.SERVICE_MONITOR in served
    )
    if has_monitor:
        yield service_monitor(stream)
    if wish.prometheus_rule is not Presence.NEVER and OptionalApi.PROMETHEUS_RULE in served:
        yield prometheus_rule(stream, bundle)
    if wish.dashboard is Presence.ALWAYS or (wish.dashboard is Presence.AUTO and has_monitor):
        yield dashboard(stream, bundle)
