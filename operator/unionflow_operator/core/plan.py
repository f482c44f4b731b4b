"""What is to be done for one stream, as values, in the order in which it is to be done.

An empty plan is what converged means. Whoever carries one out does so from the first step to the
last. A finalizer or a status that could not be written ends the attempt: what follows relies on
it. Any other step that fails is remembered (`Observed.faults`), and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from unionflow_operator.api.status import StreamStatus
from unionflow_operator.core.observed import ChildKey, Manifest

SHOWN_CHANGES = 20
SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class SetFinalizer:
    """Put our finalizer on the stream, or take it off."""

    wanted: bool
    why: str

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        return (f"{'add' if self.wanted else 'remove'} the finalizer: {self.why}",)


class StatusReason(StrEnum):
    """Why a status is written: the label of the metric, and nothing else."""

    FIRST = "first"
    TOPICS = "topics"
    CONDITIONS = "conditions"
    RELAYS = "relays"
    CLIENTS = "clients"
    PENDING = "pending"
    GENERATION = "generation"


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """The whole status. It goes before the topics: it says which are about to be made."""

    status: StreamStatus
    reason: StatusReason

    def describe(self) -> Sequence[str]:
        """The step in words; a status is no change to anything that it describes."""
        return ()


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """A topic that does not exist. `replication_factor` None: the brokers' default."""

    topic: str
    partitions: int
    replication_factor: int | None
    config: Mapping[str, str]
    why: str = "missing"

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        copies = "default" if self.replication_factor is None else self.replication_factor
        settings = "".join(f", {name}={value}" for name, value in sorted(self.config.items()))
        shape = f"{self.partitions} partitions, replication factor {copies}{settings}"
        return (f"create topic {self.topic}: {shape}",)


@dataclass(frozen=True, slots=True)
class GrowTopic:
    """More partitions for a topic; `to` is their number afterwards."""

    topic: str
    now: int
    to: int
    why: str = "partitions"

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        return (f"grow topic {self.topic} from {self.now} to {self.to} partitions",)


@dataclass(frozen=True, slots=True)
class SetTopicConfig:
    """Settings of a topic, incrementally: those that are not named stay as they are."""

    topic: str
    config: Mapping[str, str]
    now: Mapping[str, str]
    """What the topic itself sets for the same names; a name that is missing has the default."""
    why: str = "config"

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        return tuple(
            f"set {name} of topic {self.topic} from {self.now.get(name, 'the default')} to {value}"
            for name, value in sorted(self.config.items())
        )


@dataclass(frozen=True, slots=True)
class DeleteTopic:
    """Delete a topic, if it still is the one of this ID."""

    topic: str
    topic_id: str
    why: str = "policy"

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        return (f"delete topic {self.topic} and all its events",)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not as it should be. None: it is not there."""

    path: str
    """`spec.template.spec.containers[relay].image`."""
    now: Any
    wanted: Any

    def __str__(self) -> str:
        if isinstance(self.now, str) and isinstance(self.wanted, str) and "\n" in self.wanted:
            return f"{self.path}: {_changed_lines(self.now, self.wanted)}"
        if self.now is None:
            return f"{self.path}: set {_shown(self.wanted)}"
        if self.wanted is None:
            return f"{self.path}: remove {_shown(self.now)}"
        return f"{self.path}: from {_shown(self.now)} to {_shown(self.wanted)}"


@dataclass(frozen=True, slots=True)
class Apply:
    """A whole manifest for server-side apply."""

    key: ChildKey
    manifest: Manifest
    changes: tuple[FieldChange, ...]
    """Empty for an object that is not there."""
    why: str
    """`missing`, `drift`, `changed`."""

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        if not self.changes:
            verb = "create" if self.why == "missing" else "apply again"
            return (f"{verb} {self.key}",)
        lines = [f"change {self.key}: {change}" for change in self.changes[:SHOWN_CHANGES]]
        more = len(self.changes) - SHOWN_CHANGES
        return (*lines, f"change {self.key}: {more} fields more") if more > 0 else tuple(lines)


@dataclass(frozen=True, slots=True)
class Prune:
    """Delete one of our objects, if it still is the one of this UID."""

    key: ChildKey
    uid: str
    why: str = "unwanted"

    def describe(self) -> Sequence[str]:
        """The step in words, a line each."""
        return (f"delete {self.key}",)


class EventType(StrEnum):
    """The two types that Kubernetes has."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Emit:
    """An Event on the stream, and a line in the log. One that cannot be written is let go.

    A Normal one tells of the plan's own steps, and is let go where one of them has failed.
    """

    reason: str
    message: str
    type: EventType = EventType.NORMAL

    def describe(self) -> Sequence[str]:
        """The step in words; an Event tells of changes and is none."""
        return ()


TopicStep = CreateTopic | GrowTopic | SetTopicConfig | DeleteTopic
Step = SetFinalizer | WriteStatus | TopicStep | Apply | Prune | Emit


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, and when to look again.

    requeue_after: seconds until the next look, where nothing happens before; > 0.
    """

    steps: tuple[Step, ...]
    requeue_after: float

    @property
    def is_empty(self) -> bool:
        """Whether the stream has converged: nothing is written, no status either."""
        return not self.steps

    def __bool__(self) -> bool:
        return not self.is_empty

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something other than what is said of it."""
        return tuple(step for step in self.steps if not isinstance(step, WriteStatus | Emit))

    @property
    def status(self) -> StreamStatus | None:
        """The status to be written; None where it stays."""
        return next((step.status for step in self.steps if isinstance(step, WriteStatus)), None)

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The objects to be applied."""
        return tuple(step.manifest for step in self.steps if isinstance(step, Apply))

    def describe(self) -> tuple[str, ...]:
        """What would change, in words, a line each."""
        return tuple(line for step in self.steps for line in step.describe())


def _shown(value: Any) -> str:
    text = str(value)
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:40]}… ({len(text)} characters)"


def _changed_lines(now: str, wanted: str) -> str:
    """The lines of a file that go, and those that come."""
    before, after = now.splitlines(), wanted.splitlines()
    gone = [f"-{_shown(line)}" for line in before if line not in after]
    come = [f"+{_shown(line)}" for line in after if line not in before]
    return " ".join((*gone, *come)) or "its lines in another order"
