"""Takes the measures in paired rounds: A B C A B C, so that a slow moment meets all alike."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench.floors import Round
from tests.bench.measures import MEASURES, OF_RIVALS, RELAY_ALONE
from tests.bench.servers import OWN, Kind
from tests.bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Taken:
    """Every measure's rounds; and of each server's time, the share of its core that it lacked."""

    results: Mapping[str, Sequence[Round]] = field(default_factory=dict)
    disturbances: Sequence[float] = ()


def take(stage: Stage, measures: Sequence[str], kinds: Sequence[Kind], count: int) -> Taken:
    """Take each of the measures `count` times of each server, one server at a time.

    Raises:
        BenchError: a server or the load client failed, or events were lost or doubled.
    """
    results: dict[str, list[Round]] = {name: [] for name in measures}
    for number in range(1, count + 1):
        for name in measures:
            one: Round = {}
            for kind in (kind for kind in kinds if _takes_part(kind, name)):
                say(f"round {number} of {count}: {name} of {kind}")
                one = {**one, kind: MEASURES[name](stage, kind)}
            results[name].append(one)
    return Taken(results, stage.disturbances)


def _takes_part(kind: Kind, measure: str) -> bool:
    if kind is Kind.RELAY:
        return True
    return measure in OF_RIVALS if kind not in OWN else measure not in RELAY_ALONE


def say(step: str) -> None:
    """Progress, for a person who waits; not part of the table."""
    print(step, file=sys.stderr, flush=True)
