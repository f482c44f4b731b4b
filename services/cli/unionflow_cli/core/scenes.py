"""The two scenarios for which all of this is built, judged from when each step was over.

An approval made by REST goes through Kafka and a relay to a screen, and so does its decision;
statistics come every ten seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from unionflow_cli.core.promises import Verdict

STATISTICS_SECONDS = 10.0
STATISTICS_SLACK_SECONDS = 2.0
STEP_SECONDS = 5.0
"""What a step may take before it counts as not done."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One change on its way, each in seconds since the request began; None: not seen in time.

    answered: REST said that it is done. lay: Kafka had the event. shown: a client had it.
    """

    answered: float | None
    lay: float | None
    shown: float | None

    @property
    def whole(self) -> bool:
        """Whether every step was seen."""
        return None not in (self.answered, self.lay, self.shown)

    def __str__(self) -> str:
        """Each step's milliseconds, in their order."""
        return ", ".join(map(_ms, (self.answered, self.lay, self.shown))) + " ms"


def judge_approval(asked: Passage, decided: Passage) -> list[Verdict]:
    """Scenario 1. asked: APPROVAL_PENDING; decided: APPROVAL_APPROVED."""
    return [
        Verdict("1: request: in REST, Kafka, on the screen", asked.whole, str(asked)),
        Verdict("1: approval: in REST, Kafka, on the screen", decided.whole, str(decided)),
    ]


def judge_statistics(seen_at: Sequence[float]) -> Verdict:
    """Scenario 2. seen_at: when a screen had the statistics of one organisation, in seconds."""
    promise = "2: statistics come every ten seconds"
    gaps = [later - earlier for earlier, later in pairwise(seen_at)]
    if not gaps:
        return Verdict(promise, kept=False, detail=f"{len(seen_at)} came, two are needed")
    worst = max(gaps, key=lambda gap: abs(gap - STATISTICS_SECONDS))
    kept = abs(worst - STATISTICS_SECONDS) <= STATISTICS_SLACK_SECONDS
    return Verdict(promise, kept, f"after {', '.join(f'{gap:.1f}' for gap in gaps[:3])} s")


def _ms(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds * 1000:.0f}"
