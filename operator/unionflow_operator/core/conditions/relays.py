"""RelaysReady: whether as many relays as wanted are ready, which for a relay means current."""

from __future__ import annotations

from unionflow_operator.core.conditions.verdict import Verdict, no, yes
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.relays import Relays

_IMAGE = frozenset({"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"})
_CRASH = frozenset({"CrashLoopBackOff", "RunContainerError", "CreateContainerError"})


def relays_ready(observed: Observed, relays: Relays, held: Verdict | None) -> Verdict:
    """What keeps relays from being ready, or that all are.

    held: why there may be no Deployment.
    """
    counts = relays.counts
    if counts.wanted == 0 and counts.current == 0:
        return held or _none_yet(observed)
    if counts.ready < counts.wanted:
        reason, message = relays_trouble(observed, relays) or _unready(relays)
        return no(reason, f"{counts.ready} of {counts.wanted} relays are ready: {message}")
    if not relays.settled:
        shown = f"{counts.updated} of {counts.wanted} relays are as the spec says"
        return yes(Reason.ROLLING_OUT, f"{shown}, and enough are ready")
    return yes(Reason.RELAYS_AS_WANTED, f"{counts.ready} relays are ready, as the spec says")


def relays_trouble(observed: Observed, relays: Relays) -> tuple[Reason, str] | None:
    """What somebody has to mend, also where enough old relays go on serving."""
    if relays.trouble is not None:
        return relays.trouble
    if stuck := sorted(observed.waiting & _IMAGE):
        meaning = Reason.IMAGE_UNAVAILABLE.meaning
        return Reason.IMAGE_UNAVAILABLE, f"{', '.join(stuck)}. {meaning}"
    if crashing := sorted(observed.waiting & _CRASH):
        meaning = Reason.RELAYS_CRASHING.meaning
        return Reason.RELAYS_CRASHING, f"{', '.join(crashing)}. {meaning}"
    return None


def _unready(relays: Relays) -> tuple[Reason, str]:
    reason = Reason.RELAYS_NOT_READY if relays.completed else Reason.RELAYS_STARTING
    return reason, reason.meaning


def _none_yet(observed: Observed) -> Verdict:
    spec = observed.stream.spec
    if spec.relay.replicas == 0:
        return no(Reason.NO_RELAYS_WANTED)
    return no(Reason.SUSPENDED if spec.suspend else Reason.RELAYS_STARTING)
