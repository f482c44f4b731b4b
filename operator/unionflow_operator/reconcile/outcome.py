"""What one look at a stream has come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """The label of the metric, and what the queue goes by."""

    CONVERGED = "converged"  # nothing was to be done
    CHANGED = "changed"
    FAILED = "failed"  # tried again, later each time
    INVALID = "invalid"  # nothing to do before its author mends it
    GONE = "gone"
    FENCED = "fenced"  # this replica may not write: the other will look


@dataclass(frozen=True, slots=True)
class Outcome:
    """again_after: seconds until the next look without anything heard; None where there is none."""

    result: Result
    again_after: float | None = None
