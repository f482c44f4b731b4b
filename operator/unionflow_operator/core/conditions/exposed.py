"""Exposed: whether a controller has taken the Ingress or HTTPRoute.

Ready does not wait for it: not every controller says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unionflow_operator.core.conditions.verdict import Verdict, no, yes
from unionflow_operator.core.manifest import relay_name
from unionflow_operator.core.observed import ChildKey, Manifest, Observed, OptionalApi
from unionflow_operator.core.reasons import Reason


def exposed(observed: Observed) -> Verdict:
    """How the way in from outside stands."""
    exposure = observed.stream.spec.exposure
    if exposure is None:
        return no(Reason.NOT_ASKED)
    if exposure.gateway is None:
        live = _live(observed, "networking.k8s.io/v1", "Ingress")
        found = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress")
        return yes(Reason.ADDRESS_ASSIGNED) if found else no(Reason.ADDRESS_PENDING)
    if OptionalApi.HTTP_ROUTE not in observed.served:
        return no(Reason.GATEWAY_API_MISSING)
    return _route(_live(observed, "gateway.networking.k8s.io/v1", "HTTPRoute"))


def _route(live: Manifest) -> Verdict:
    parents = (live.get("status") or {}).get("parents") or ()
    said = [one for parent in parents for one in parent.get("conditions") or ()]
    accepted = [one for one in said if one["type"] == "Accepted"]
    refused = [one for one in said if one["status"] == "False"]
    if refused:
        return no(Reason.ROUTE_REFUSED, _words(refused[0]))
    if accepted:
        return yes(Reason.ROUTE_ACCEPTED)
    return no(Reason.ADDRESS_PENDING)


def _words(condition: Mapping[str, Any]) -> str:
    return f"{condition.get('reason', '')}: {condition.get('message', '')}"[:1024]


def _live(observed: Observed, version: str, kind: str) -> Manifest:
    return observed.children.get(ChildKey(version, kind, relay_name(observed.stream)), {})
