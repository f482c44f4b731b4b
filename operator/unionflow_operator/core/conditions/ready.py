"""Ready: whether a client can connect and is current. Progressing: whether something changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from unionflow_operator.api.status import ConditionType, Truth
from unionflow_operator.core.conditions.verdict import Verdict, no, unknown, yes
from unionflow_operator.core.observed import Answer, Observed
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.relays import Relays
from unionflow_operator.core.work import Work

_BY_HANDSHAKE: Final[Mapping[str, Reason]] = {
    reason.value: reason
    for reason in (
        Reason.SERVING_CLIENTS,
        Reason.PODS_READY,
        Reason.HANDSHAKE_REFUSED,
        Reason.SERVICE_UNREACHABLE,
    )
}


def ready(observed: Observed, work: Work, others: tuple[Verdict, Verdict, Verdict]) -> Verdict:
    """The first thing that is in the way; else what the handshake came to.

    others: ResourceConflict, TopicsReady, RelaysReady. Topics that nobody can see (Unknown) are
    left to the relays, which are not ready when they cannot follow them.
    """
    if observed.stream.deleted:
        return no(Reason.DELETING)
    if work.refused:
        return no(Reason.POLICY_REFUSED, "; ".join(work.refused))
    conflict, topics, relays = others
    if conflict.holds:
        return no(conflict.reason, conflict.message)
    # What is only being changed keeps nobody from being served, where relays are current.
    if topics.truth is Truth.FALSE and not (
        topics.reason is Reason.TOPICS_CHANGING and relays.holds
    ):
        return no(topics.reason, topics.message)
    if not relays.holds:
        return no(relays.reason, relays.message)
    return _by_handshake(observed)


def _by_handshake(observed: Observed) -> Verdict:
    handshake = observed.handshake
    match handshake.answer:
        case Answer.ANSWERED:
            return yes(Reason.SERVING_CLIENTS)
        case Answer.OUTSIDE:
            return yes(Reason.PODS_READY)
        case Answer.REFUSED:
            return no(Reason.HANDSHAKE_REFUSED, _with(handshake.message, Reason.HANDSHAKE_REFUSED))
        case Answer.UNREACHABLE:
            reason = Reason.SERVICE_UNREACHABLE
            return no(reason, _with(handshake.message, reason))
        case Answer.NOT_TRIED:
            return _as_before(observed)


def _as_before(observed: Observed) -> Verdict:
    """What a handshake has last come to stands until the next: a restart is no news."""
    before = observed.stream.status.condition(ConditionType.READY)
    if before is not None and before.reason in _BY_HANDSHAKE:
        return Verdict(before.status, _BY_HANDSHAKE[before.reason], before.message)
    return unknown(Reason.HANDSHAKE_PENDING)


def _with(message: str, reason: Reason) -> str:
    return f"{message}. {reason.meaning}" if message else reason.meaning


def progressing(observed: Observed, work: Work, relays: Relays) -> Verdict:
    """Whether the operator or Kubernetes is at work on it."""
    if observed.stream.deleted:
        return yes(Reason.DELETING)
    if observed.stream.spec.suspend:
        return no(Reason.SUSPENDED)
    if work.steps:
        return yes(Reason.APPLYING)
    if relays.counts.wanted and not relays.settled:
        return yes(Reason.ROLLING_OUT)
    return no(Reason.SETTLED)
