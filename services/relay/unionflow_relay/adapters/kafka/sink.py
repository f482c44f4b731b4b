"""What the Kafka side stands in: where records go, and who hears of trouble."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from unionflow_events import TopicNames
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.dialects import TruncatedRange
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Slice
from unionflow_runtime.core.readiness import Readiness


class Sink(Protocol):
    """Takes what was read. Every call returns at once."""

    def follow(self, lane: Lane, next_offset: int) -> None:
        """Records of one more partition will come, from `next_offset` on."""

    def looked(self) -> None:
        """Kafka's topics were looked at, and whatever changed was said before."""

    def retains(self, lane: Lane, earliest: int) -> None:
        """Kafka has a partition's records from `earliest` on."""

    def deliver(self, piece: Slice) -> None:
        """The next records of some partitions."""

    def skip(self, lane: Lane, next_offset: int, gap: TruncatedRange) -> None:
        """Records before `next_offset` are no longer in Kafka."""

    def give_up(self, short_id: str, ranges: Sequence[TruncatedRange]) -> None:
        """A topic is gone, and whatever was not read of it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every part of the Kafka side needs.

    warm_records: how many records over all partitions to read before what is live. log_records:
    a debug line for each record. traces: look for what caused each.
    """

    names: TopicNames
    sink: Sink
    readiness: Readiness
    metrics: RelayMetrics
    rng: random.Random
    warm_records: int
    log_records: bool
    traces: bool = False
