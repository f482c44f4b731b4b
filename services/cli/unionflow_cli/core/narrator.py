"""What `watch` says of its connection: a sentence for each turn, and none twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unionflow_client.core.effects import Complaint, Lost, Notice, Range, Slow
from unionflow_client.core.status import Reason, State

_OFFLINE = {
    Reason.RESTARTING: "the relay restarts",
    Reason.BUSY: "the relay is full or not ready",
    Reason.SLOW: "this client read too slowly",
    Reason.SILENT: "nothing was heard",
    Reason.LIMITED: "too many messages or connections from here",
    Reason.CURSOR: "the relay could not read the cursor; it is dropped",
    Reason.LOST: "the connection was lost",
    Reason.PROTOCOL: "what answers is no relay",
}
_REFUSED = {
    Reason.GOODBYE: "the relay said goodbye",
    Reason.TOKEN: "the relay wants a token, and this one is missing, invalid or expired",
    Reason.FORBIDDEN: "the relay does not allow this organisation",
    Reason.CURSOR: "the relay cannot read what this client sends",
}


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence about the connection. caution: events are missing or late."""

    text: str
    caution: bool = False


def refusal(reason: Reason, detail: str) -> str:
    """Why another try would not help."""
    if detail.startswith("HTTP "):
        return f"the relay answered {detail}"
    return _with(_REFUSED.get(reason, "the relay closed for good"), detail)


class Narrator:
    """Remembers whether it was online before."""

    def __init__(self) -> None:
        self.was_online = False

    def on_status(
        self, state: State, reason: Reason | None, detail: str, wait_seconds: float
    ) -> Say | None:
        """The sentence for a new status, where it needs one."""
        if state is State.OFFLINE and reason not in (None, Reason.DISCONNECTED):
            again = f"again in {wait_seconds:.1f} s" if wait_seconds else "again at once"
            why = _with(_OFFLINE[reason], detail) if reason in _OFFLINE else detail
            return Say(f"offline: {why}; {again}", caution=True)
        if state is State.REPLAYING or (state is State.LIVE and not self.was_online):
            again_online, self.was_online = self.was_online, True
            return Say("online again" if again_online else "online, live from now")
        return Say("caught up: nothing is missing") if state is State.LIVE else None


def notice(said: Notice) -> list[Say]:
    """The sentences for what else there is to know."""
    match said:
        case Lost(ranges):
            return [Say(f"truncated: {text}", caution=True) for text in _gaps(ranges)]
        case Complaint(_, message):
            return [Say(f"the relay says: {message}", caution=True)]
        case Slow(waiting):
            return [Say(f"{waiting} events wait for this terminal", caution=True)]
        case _:
            return []


def _with(words: str, detail: str) -> str:
    return f"{words} ({detail})" if detail else words


def _gaps(ranges: Sequence[Range]) -> list[str]:
    """One sentence per reason: a resume can lose a range in each of dozens of partitions."""
    by_reason: dict[str, list[Range]] = {}
    for gap in ranges:
        by_reason.setdefault(gap.reason, []).append(gap)
    told = [_gap(reason, gaps) for reason, gaps in by_reason.items()]
    return told or ["some events are gone"]


def _gap(reason: str, gaps: Sequence[Range]) -> str:
    topics = sorted({gap.topic or "a topic that is gone" for gap in gaps})
    where = topics[0] if len(topics) == 1 else f"{topics[0]} and {len(topics) - 1} more topics"
    match reason:
        case "retention":
            return f"{_at_most(gaps)} are no longer in Kafka: {where}"
        case "topic-replaced":
            return f"made again, with their unread events gone: {where}"
        case "beyond-end":
            return f"Kafka has lost the end of what was read: {where}"
        case _:
            return f"{_at_most(gaps)} were not sent ({reason}): {where}"


def _at_most(gaps: Sequence[Range]) -> str:
    """Offsets are all records of a partition, those for others among them."""
    return f"at most {sum(gap.earliest - gap.requested for gap in gaps)} events"
