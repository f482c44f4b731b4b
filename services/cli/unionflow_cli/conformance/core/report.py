"""What a run says: by the wire's sections, in words, and each promise that was broken."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from unionflow_cli.conformance.core.cases import Case

WIDTH: Final = 80
# By subject: the section of the wire reference, and what the promise is.
_PROMISES: Final[Mapping[str, tuple[str, str]]] = {
    "address": ("6", "finds the endpoint, and asks for what is wanted"),
    "frames": ("3", "takes every frame, and passes over what it does not know"),
    "events": ("1, 6", "hands events out whole, typed and in order"),
    "resume": ("3", "comes back with the cursor and positions that it has"),
    "repeats": ("3", "drops what comes again, in bounded memory"),
    "truncated": ("3", "reloads what is gone before it goes on"),
    "drain": ("3, 5", "goes at afterMs, and comes back at once"),
    "closing": ("5", "acts on each close code as its row says"),
    "refusals": ("5", "acts on each refusal as its row says"),
    "tokens": ("4, 5", "asks for tokens in time, and makes no storm of refusals"),
    "backoff": ("6", "waits longer each time, with full jitter"),
    "heartbeat": ("6", "pings, and notices a silence"),
    "sse": ("3", "takes server-sent events where WebSockets get nowhere"),
    "network": ("6", "hurries when the network or the page is back"),
    "slow": ("6", "bounds what waits for a slow program, and says so"),
    "status": ("6", "says how the connection is"),
    "store": ("6", "keeps the cursor of what the program is done with"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one case. problem: None where the promise was kept, else what went wrong."""

    case: Case
    problem: str | None


@dataclass(frozen=True, slots=True)
class Findings:
    """Of a run. unseen: cases that cannot be seen of this client. seconds: real ones."""

    level: str
    time: str
    outcomes: Sequence[Outcome]
    unseen: Sequence[Case]
    seconds: float

    @property
    def broken(self) -> Sequence[Outcome]:
        """What was not kept, in the table's order."""
        return sorted(
            (one for one in self.outcomes if one.problem is not None),
            key=lambda one: (list(_PROMISES).index(one.case.subject), one.case.name),
        )


def lines(findings: Findings) -> Iterator[str]:
    """For people, of 80 columns."""
    for broken in findings.broken:
        yield from textwrap.wrap(f"broken  {broken.case.title}", WIDTH, subsequent_indent=" " * 8)
        yield from textwrap.wrap(
            broken.problem or "", WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8
        )
    if findings.broken:
        yield ""
    yield f"{'wire':<6}{'the client …':<57}{'kept':>6}{'of':>6}"
    for subject, (section, words) in _PROMISES.items():
        mine = [one for one in findings.outcomes if one.case.subject == subject]
        if mine:
            kept = sum(one.problem is None for one in mine)
            yield f"{section:<6}{words:<57}{kept:>6}{len(mine):>6}"
    total, broken_count = len(findings.outcomes), len(findings.broken)
    yield f"{'':<6}{'in all':<57}{total - broken_count:>6}{total:>6}"
    yield ""
    if findings.unseen:
        yield from textwrap.wrap(
            f"{len(findings.unseen)} cases of this level cannot be seen of such a client, in "
            f"{findings.time} time; --list --json names them.",
            WIDTH,
        )
    yield _verdict(findings.level, broken_count, findings.seconds)


def as_json(findings: Findings) -> Mapping[str, Any]:
    """For programs."""
    return {
        "level": findings.level,
        "time": findings.time,
        "kept": len(findings.outcomes) - len(findings.broken),
        "broken": [
            {
                "subject": one.case.subject,
                "case": one.case.name,
                "section": _PROMISES[one.case.subject][0],
                "problem": one.problem,
            }
            for one in findings.broken
        ],
        "unseen": [case.title for case in findings.unseen],
        "seconds": round(findings.seconds, 2),
    }


def _verdict(level: str, broken: int, seconds: float) -> str:
    if not broken:
        return f"Every promise of the level {level} was kept, in {seconds:.1f} s."
    promises = "1 promise" if broken == 1 else f"{broken} promises"
    return f"{promises} of the level {level} broken, in {seconds:.1f} s."
