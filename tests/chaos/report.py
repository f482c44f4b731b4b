"""What a person reads, at 80 columns, and the same as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.audit import Plan, Report
from tests.chaos.history import DEFLATED, Dialect
from tests.chaos.libraries.patrons import Library
from tests.chaos.roles import shares
from tests.chaos.schedule import Fault
from tests.chaos.verdict import Evidence, Summary, Verdict, Wrong

WIDTH = 80
_COLUMNS = {
    "clients": 8,
    "connections": 13,
    "received": 12,
    "delivered": 12,
    "repeated": 10,
    "truncated": 11,
}
_FIGURES = [name for name in _COLUMNS if name != "clients"]
_SHOWN = 12  # cases
_TRANSPORTS = (Dialect.V1.value, DEFLATED, Dialect.SSE.value, Dialect.PLAIN.value)
_LIBRARIES = tuple(library.value for library in Library)


def command(plan: Plan) -> str:
    """How to run it again."""
    return (
        f"python -m tests.chaos --seconds {plan.seconds:g} --seed {plan.seed} "
        f"--clients {plan.clients} --relays {plan.relays}"
        + (f" --libraries {plan.libraries}" if plan.libraries else "")
    )


def heading(plan: Plan, faults: Sequence[Fault]) -> list[str]:
    """What will happen."""
    ways = ", ".join(f"{count} {transport}" for transport, count in shares(plan.clients).items())
    text = (
        f"Chaos audit, seed {plan.seed}: {plan.clients} clients ({ways}) with tokens, short ones "
        f"among them, {_programs(plan)}"
        f"through a faulty network to {plan.relays} relays of {plan.brokers} brokers, "
        f"{plan.rate:g} records/s (acks=all, a tenth in transactions, 2 % poison), "
        f"{plan.seconds:g} s, {len(faults)} faults:"
    )
    return [*textwrap.wrap(text, WIDTH), *(f"{fault.at:7.1f} s  {fault}" for fault in faults), ""]


def _programs(plan: Plan) -> str:
    return f"and {plan.libraries} programs of each library, " if plan.libraries else ""


def render(report: Report) -> list[str]:
    """What came of it."""
    summary = report.summary
    written = ", ".join(f"{count:,} {outcome}" for outcome, count in report.records.items())
    closes = ", ".join(f"{n:,} x {code}" for code, n in sorted(report.closes.items()))
    done = ", ".join(f"{count:,} {what}" for what, count in report.done.items())
    return [
        "",
        *textwrap.wrap(f"Records written: {written}.", WIDTH),
        *textwrap.wrap(f"Connections ended: {closes}.", WIDTH),
        *textwrap.wrap(f"There were {done}.", WIDTH),
        f"Everybody had everything {report.arrival_seconds:.1f} s after the last record.",
        "",
        f"{'':14}" + "".join(f"{name:>{width}}" for name, width in _COLUMNS.items()),
        "-" * WIDTH,
        *(_row(summary, transport) for transport in _TRANSPORTS),
        *(_row(summary, library) for library in _LIBRARIES if report.plan.libraries),
        "",
        *(f"{wrong:.<50}{summary.wrongs[wrong]:.>8,}  must be 0" for wrong in Wrong),
        "",
        *_cases(summary),
        f"{_word(summary)}: seed {report.plan.seed}, {report.seconds:.0f} s in all. Again:",
        f"  {command(report.plan)}",
    ]


def _word(summary: Summary) -> str:
    return "Every promise held" if summary.holds else "A PROMISE WAS BROKEN"


def _row(summary: Summary, transport: str) -> str:
    clients = sum(verdict.transport == transport for verdict in summary.clients)
    figures = [clients, *(summary.total(transport, column) for column in _FIGURES)]
    columns = zip(figures, _COLUMNS.values(), strict=True)
    return f"{transport:14}" + "".join(f"{figure:>{width},}" for figure, width in columns)


def _cases(summary: Summary) -> Iterator[str]:
    cases = [
        f"{verdict.name} ({verdict.transport}){_where(case)}: {wrong}: {case.detail}"
        for verdict in summary.clients
        for wrong, kept in verdict.evidence.items()
        for case in kept
    ]
    for case in cases[:_SHOWN]:
        yield from textwrap.wrap(case, WIDTH, subsequent_indent="    ")
    if cases:
        yield ""


def _where(case: Evidence) -> str:
    if not case.connection:
        return ""
    return f", connection {case.connection} to relay {case.relay + 1}"


def as_json(report: Report) -> dict[str, Any]:
    """Everything, client by client."""
    plan = report.plan
    return {
        "command": command(plan),
        "seed": plan.seed,
        "seconds": plan.seconds,
        "holds": report.summary.holds,
        "records": report.records,
        "closes": {str(code): count for code, count in sorted(report.closes.items())},
        "done": dict(report.done),
        "arrivalSeconds": round(report.arrival_seconds, 1),
        "wrongs": {str(wrong): report.summary.wrongs[wrong] for wrong in Wrong},
        "schedule": [{"at": round(f.at, 1), "what": str(f)} for f in report.faults],
        "clients": [_client(verdict) for verdict in report.summary.clients],
    }


def _client(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "transport": verdict.transport,
        **{column: getattr(verdict, column) for column in _FIGURES},
        "undetectedLosses": verdict.wrongs[Wrong.LOSS],
        "seenWithoutRight": verdict.wrongs[Wrong.LEAK],
        "wrongs": {str(wrong): count for wrong, count in verdict.wrongs.items()},
        "evidence": {str(wrong): [*map(list, kept)] for wrong, kept in verdict.evidence.items()},
    }
