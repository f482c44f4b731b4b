"""Which objects are applied and which are pruned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unionflow_operator.core.children.deployment import deployment_key, with_live_replicas
from unionflow_operator.core.desired import child_keys, desired
from unionflow_operator.core.diff import APPLIED_ANNOTATION, differences, with_hash
from unionflow_operator.core.manifest import key_of
from unionflow_operator.core.observed import ChildKey, Manifest, Observed
from unionflow_operator.core.plan import Apply, FieldChange, Prune


@dataclass(frozen=True, slots=True)
class ObjectDecision:
    """What is to be done about the objects, and what cannot be."""

    applies: tuple[Apply, ...]
    prunes: tuple[Prune, ...]
    foreign: tuple[ChildKey, ...]
    """Names that we need and somebody else has."""


def decide_objects(observed: Observed, *, hold_relays: bool) -> ObjectDecision:
    """Compare what is with what is to be.

    hold_relays: leave the Deployment as it is, or out where there is none.
    """
    manifests = {key_of(manifest): manifest for manifest in desired(observed)}
    foreign = tuple(key for key in manifests if key in observed.foreign)
    held = {deployment_key(observed)} if hold_relays else set()
    applies = (
        _apply(observed, key, manifest)
        for key, manifest in manifests.items()
        if key not in observed.foreign and key not in held
    )
    ours = frozenset(child_keys(observed.stream)) & observed.children.keys()
    prunes = (
        Prune(key, observed.children[key]["metadata"]["uid"])
        for key in child_keys(observed.stream)
        if key in ours and key not in manifests and not _is_going(observed.children[key])
    )
    return ObjectDecision(tuple(filter(None, applies)), tuple(prunes), foreign)


def _apply(observed: Observed, key: ChildKey, manifest: Manifest) -> Apply | None:
    live = observed.children.get(key)
    # The hash leaves the replicas out where an autoscaler counts them: they are not ours to mend.
    hashed = with_hash(manifest)
    whole = _with_replicas(observed, key, hashed, live)
    if live is None:
        return Apply(key, whole, (), "missing")
    if _is_going(live):
        return None  # it is made anew when it has gone
    changes = differences(live, hashed)
    if not changes:
        return None
    mine = tuple(change for change in changes if APPLIED_ANNOTATION not in change.path)
    applied = live["metadata"].get("annotations", {}).get(APPLIED_ANNOTATION)
    same_wish = applied == hashed["metadata"]["annotations"][APPLIED_ANNOTATION]
    if not mine:
        mine = tuple(_removed())
    return Apply(key, whole, mine, "drift" if same_wish else "changed")


def _removed() -> Iterator[FieldChange]:
    yield FieldChange("fields that are no longer set", "what they were", None)


def _with_replicas(
    observed: Observed, key: ChildKey, manifest: Manifest, live: Manifest | None
) -> Manifest:
    scaling = observed.stream.spec.relay.autoscaling
    if scaling is None or key != deployment_key(observed):
        return manifest
    return with_live_replicas(manifest, live, scaling.min_replicas)


def _is_going(live: Manifest) -> bool:
    return bool(live["metadata"].get("deletionTimestamp"))
