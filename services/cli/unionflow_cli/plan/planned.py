"""One stream's plan with all that a reader needs beside it, whoever observed the stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from unionflow_operator.api.status import TopicState
from unionflow_operator.core.desired import missing
from unionflow_operator.core.observed import KafkaUnreachable, Observed
from unionflow_operator.core.plan import Step
from unionflow_operator.core.planning import plan as make_plan
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.report import changes_as_json
from unionflow_operator.core.work import decide

_IN_THE_WAY = frozenset(
    {TopicState.CONFLICT, TopicState.REFUSED, TopicState.DENIED, TopicState.PAUSED}
)


class State(StrEnum):
    """How the stream is found."""

    NEW = "new"
    EXISTS = "exists"
    DELETED = "being deleted"


@dataclass(frozen=True, slots=True)
class Planned:
    """One stream. changes: in the order in which they would be made. notes: a sentence each.

    suspended: nothing is done now; the changes are what would be, were it not.
    """

    namespace: str
    name: str
    state: State
    suspended: bool
    changes: Sequence[Step]
    notes: Sequence[str]
    json: Sequence[Mapping[str, Any]]

    @property
    def would_change(self) -> bool:
        """Whether the operator would do anything now."""
        return bool(self.changes) and not self.suspended

    def as_json(self) -> Mapping[str, Any]:
        """For programs."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "state": self.state,
            "suspended": self.suspended,
            "wouldChange": self.would_change,
            "changes": self.json,
            "notes": self.notes,
        }


def planned(observed: Observed, now: datetime, notes: Sequence[str] = ()) -> Planned:
    """Ask the operator's own function. notes: what the observer could not see, or took for so."""
    stream = observed.stream
    suspended = stream.spec.suspend and stream.deleted is None
    if suspended:
        spec = stream.spec.model_copy(update={"suspend": False})
        stream = stream.model_copy(update={"spec": spec})
        observed = dataclasses.replace(observed, stream=stream)
    made = make_plan(observed, now)
    state = State.EXISTS if stream.resource_version else State.NEW
    if stream.deleted is not None:
        state = State.DELETED
    told = () if state is State.DELETED else tuple(_notes(observed))
    return Planned(
        namespace=stream.namespace,
        name=stream.name,
        state=state,
        suspended=suspended,
        changes=made.changes,
        notes=tuple(dict.fromkeys((*notes, *told))),
        json=changes_as_json(made),
    )


def _notes(observed: Observed) -> Iterator[str]:
    """What holds something back, or leaves it out."""
    if isinstance(observed.kafka, KafkaUnreachable):
        yield f"topics are not planned: {observed.kafka.message}"
    work = decide(observed)
    for topic in work.topics:
        name, state, message = topic.status.topic_name, topic.status.state, topic.status.message
        unseen = state is TopicState.UNKNOWN and not isinstance(observed.kafka, KafkaUnreachable)
        if state in _IN_THE_WAY or unseen or (state is TopicState.READY and message):
            yield f"topic {name}: {message or 'paused: nothing of it is changed'}"
    if work.held is not None and work.held[0] is Reason.SECRET_MISSING:
        yield f"the relays are left as they are: {work.held[1]}"
    elif work.held is not None:
        yield "the relays are left as they are until that is settled"
    for key in work.objects.foreign:
        yield f"{key} is there already and not this stream's: it is left alone"
    absent = missing(observed)
    for api in sorted(absent.apis):
        yield f"{api.partition('.')[0]} is asked for, but the cluster has no such kind"
    for api in sorted(absent.left_out):
        yield f"{api.partition('.')[0]} is left out: the cluster has no such kind"
