"""How far back the members topic reaches, and so which revocations a new pod can learn.

Retention deletes from the front. What a partition still has is the evidence; where it has
nothing at all, the topic's settings say what may have been there.
"""

from __future__ import annotations

from dataclasses import dataclass

UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """What one partition has. Times are milliseconds since 1970.

    earliest, latest: its first offset and the one that comes next.
    since: its first offset at or after the moment that matters; None where there is none.
    first_ms: the time of its earliest record; None where it has none.
    """

    earliest: int
    latest: int
    since: int | None
    first_ms: int | None


@dataclass(frozen=True, slots=True)
class Retention:
    """`retention.ms` and `retention.bytes` of a topic; None where they could not be read."""

    ms: int | None
    bytes: int | None


def covered_since(kept: Kept, retention: Retention, moment_ms: int, now_ms: int) -> int:
    """From when on a partition surely has every record: `moment_ms` where that is long enough."""
    if kept.earliest == 0:
        return moment_ms  # nothing was ever deleted
    if kept.earliest < kept.latest and (kept.since is None or kept.since > kept.earliest):
        return moment_ms  # it still has older ones than matter
    if kept.first_ms is not None:
        return max(moment_ms, kept.first_ms)
    if retention.ms is None or retention.bytes != UNLIMITED:
        return now_ms
    return moment_ms if retention.ms == UNLIMITED else max(moment_ms, now_ms - retention.ms)
