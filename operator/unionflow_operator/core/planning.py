"""From what is to what is to be done: the function that the operator and `unionflow plan` ask."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from unionflow_operator.api.status import ConditionType, StreamStatus, Truth
from unionflow_operator.core.deletion import plan_deletion
from unionflow_operator.core.events import events_of
from unionflow_operator.core.observed import KafkaObserved, Observed
from unionflow_operator.core.plan import Emit, Plan, SetFinalizer, Step, WriteStatus
from unionflow_operator.core.references import secret_keys
from unionflow_operator.core.secrets_missing import missing_secrets
from unionflow_operator.core.status import make_status, reason_to_write
from unionflow_operator.core.work import decide

SOON: Final = 1.0
KAFKA_AGAIN: Final = 30.0
SOONEST_AGAIN: Final = 5.0
LATEST_AGAIN: Final = 60.0


def plan(observed: Observed, now: datetime) -> Plan:
    """What is to be done for one stream.

    now: with a time zone; fractions of a second are dropped, as Kubernetes drops them.
    """
    now = now.replace(microsecond=0)
    if observed.stream.deleted:
        return plan_deletion(observed, now)
    work = decide(observed)
    before = observed.stream.status
    after = make_status(observed, work, now)
    changes = () if observed.stream.spec.suspend else work.steps
    written = () if after == before else (WriteStatus(after, reason_to_write(before, after)),)
    steps = in_order(changes, written, events_of(before, after, changes))
    return Plan(steps, _again(observed, after, now, busy=bool(changes)))


def in_order(
    changes: tuple[Step, ...], written: tuple[WriteStatus, ...], told: tuple[Emit, ...]
) -> tuple[Step, ...]:
    """A finalizer that is put on, the status, the changes, Events; a finalizer that goes, last."""
    first = tuple(step for step in changes if isinstance(step, SetFinalizer) and step.wanted)
    last = tuple(step for step in changes if isinstance(step, SetFinalizer) and not step.wanted)
    rest = tuple(step for step in changes if not isinstance(step, SetFinalizer))
    return (*first, *written, *rest, *told, *last)


def _again(observed: Observed, after: StreamStatus, now: datetime, *, busy: bool) -> float:
    """Seconds until the next look; rarer the longer a stream has not been ready.

    Nobody tells of a Secret that comes: they are not watched. It is looked for as often.
    """
    if busy:
        return SOON
    resync = observed.installation.resync_seconds
    if not isinstance(observed.kafka, KafkaObserved):
        return min(KAFKA_AGAIN, resync)
    ready = after.condition(ConditionType.READY)
    secret_is_missing = bool(missing_secrets(observed, secret_keys(observed.stream.spec)))
    if not secret_is_missing and (ready is None or ready.status is Truth.TRUE):
        return resync
    since = after.condition(ConditionType.DEGRADED) if secret_is_missing else ready
    waited = (now - since.last_transition_time).total_seconds() if since is not None else 0.0
    return min(max(SOONEST_AGAIN, waited / 4), LATEST_AGAIN, resync)
