"""What a run says: by the wire's sections, in words, and each promise that was broken."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from unionflow_cli.conformance.core.cases import Case

WIDTH: Final = 80
# By section of the wire reference, and by subject of the table: what the promise is.
_SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Events on Kafka": {"events": "hands events out whole, typed and in order"},
    "The handshake": {
        "address": "finds the endpoint, and asks for what is wanted",
        "refusals": "acts on each refusal as its row says",
    },
    "The unionflow.v1 dialect": {
        "frames": "takes every frame, and passes over what it does not know",
        "drain": "goes at afterMs, and comes back at once",
    },
    "Positions and cursors": {
        "resume": "comes back with the cursor and positions that it has",
        "repeats": "drops what comes again, in bounded memory",
        "store": "keeps the cursor of what the program is done with",
    },
    "Resuming": {"truncated": "reloads what is gone before it goes on"},
    "Server-sent events": {"sse": "takes these where WebSockets get nowhere"},
    "Tokens": {"tokens": "asks for tokens in time, and makes no storm of refusals"},
    "Close codes": {"closing": "acts on each close code as its row says"},
    "How a client behaves": {
        "backoff": "waits longer each time, with full jitter",
        "heartbeat": "pings, and notices a silence",
        "network": "hurries when the network or the page is back",
        "slow": "bounds what waits for a slow program, and says so",
        "status": "says how the connection is",
    },
}
_SECTION_OF: Final = {
    subject: section for section, subjects in _SECTIONS.items() for subject in subjects
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
            key=lambda one: (list(_SECTION_OF).index(one.case.subject), one.case.name),
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
    yield f"{'':<68}{'kept':>6}{'of':>6}"
    for section, subjects in _SECTIONS.items():
        rows = [row for subject in subjects for row in _row(findings, section, subject)]
        if rows:
            yield section
            yield from rows
    total, broken_count = len(findings.outcomes), len(findings.broken)
    yield f"{'in all':<68}{total - broken_count:>6}{total:>6}"
    yield ""
    if findings.unseen:
        yield from textwrap.wrap(
            f"{len(findings.unseen)} cases of this level cannot be seen of such a client, in "
            f"{findings.time} time; --list --json names them.",
            WIDTH,
        )
    yield _verdict(findings.level, broken_count, findings.seconds)


def _row(findings: Findings, section: str, subject: str) -> Iterator[str]:
    mine = [one for one in findings.outcomes if one.case.subject == subject]
    if mine:
        kept = sum(one.problem is None for one in mine)
        yield f"  {_SECTIONS[section][subject]:<66}{kept:>6}{len(mine):>6}"


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
                "section": _SECTION_OF[one.case.subject],
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
