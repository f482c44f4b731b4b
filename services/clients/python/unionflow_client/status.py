"""The status that a program shows to people: what, why, since when, and when again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from unionflow_client.core.status import Change, Reason, State


@dataclass(frozen=True, slots=True)
class Status:
    """How the connection is.

    detail: a sentence for a log, from the relay or the network; may be empty.
    since: when it became so, UTC. retry_at: when the next try is, where one is set.
    """

    state: State
    reason: Reason | None
    detail: str
    since: datetime
    retry_at: datetime | None

    @property
    def is_connected(self) -> bool:
        """Whether events come."""
        return self.state in (State.LIVE, State.REPLAYING)

    @property
    def is_over(self) -> bool:
        """Whether only `connect()` brings events again."""
        return self.state is State.REFUSED or self.reason is Reason.DISCONNECTED


def status_now(change: Change) -> Status:
    """A change, with the time of day."""
    now = datetime.now(UTC)
    wait = change.retry_ms
    retry_at = None if wait is None else now + timedelta(milliseconds=wait)
    return Status(change.state, change.reason, change.detail, now, retry_at)
