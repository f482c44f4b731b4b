"""How the Deployment's relays stand, read from what the API server says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from unionflow_operator.api.status import RelaysStatus
from unionflow_operator.core.observed import Manifest
from unionflow_operator.core.reasons import Reason

_QUOTA: Final = re.compile(r"exceeded quota: ([^,\s]+)")
_QUOTED: Final = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Relays:
    """Counts of pods, and what Kubernetes says of them."""

    counts: RelaysStatus
    settled: bool
    """Whether all pods are of the newest template, and no old one is left."""
    completed: bool
    """Whether the newest roll-out has once been over."""
    trouble: tuple[Reason, str] | None
    """Why pods cannot be made, or a roll-out does not go on."""


def read_relays(deployment: Manifest | None) -> Relays:
    """What a Deployment says; all zero where there is none."""
    if deployment is None:
        return Relays(RelaysStatus(), settled=False, completed=False, trouble=None)
    status: Mapping[str, Any] = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    counts = RelaysStatus(
        ready=status.get("readyReplicas", 0),
        wanted=wanted,
        current=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
    )
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    progress = conditions.get("Progressing", {}).get("reason")
    return Relays(
        counts,
        settled=seen and counts.updated == wanted and counts.current == wanted,
        completed=progress == "NewReplicaSetAvailable",
        trouble=_trouble(conditions),
    )


def _trouble(conditions: Mapping[str, Mapping[str, Any]]) -> tuple[Reason, str] | None:
    failure = conditions.get("ReplicaFailure", {})
    if failure.get("status") == "True":
        # Names of pods and amounts differ with each attempt: the message must not.
        words = str(failure.get("message", ""))
        if quota := _QUOTA.search(words):
            name = quota.group(1)
            return Reason.QUOTA_EXCEEDED, f"pods cannot be made: quota {name} is used up; raise it"
        steady = _QUOTED.sub('"…"', words)[:300]
        return Reason.PODS_REFUSED, f"pods cannot be made: {steady}"
    if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        return Reason.ROLL_OUT_STUCK, Reason.ROLL_OUT_STUCK.meaning
    return None
