"""The table that a person reads, and the same as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench import floors
from tests.bench.floors import Line, Verdict
from tests.bench.measures import CLIENTS
from tests.bench.rounds import Taken
from tests.bench.servers import Kind

_LABEL, _TAIL = "{:<29}", "{:>7}{:>8}  {}"
_WIDTH = 88
_DISTURBED = 0.05  # of the server's core


def heading(where: str, rounds: int, kinds: Sequence[Kind]) -> list[str]:
    """What is compared, and where it runs."""
    beside = (
        "Centrifugo with its own Kafka consumer, tuned, and clients of its uni_websocket, "
        if Kind.CENTRIFUGO in kinds
        else "two bare uvloop programs with aiokafka: bare-each writes each record to each client "
        "by itself; bare-joined joins a fetch's records once and writes once to each client, "
    )
    text = (
        f"This relay beside {beside}all reading the same topics of one Apache Kafka. "
        f"{CLIENTS:,} clients; records of 290 to 305 bytes. {where} {rounds} rounds of the "
        "servers in turn: figures are medians, ratios are medians of the rounds' ratios, of relay "
        "to bare-joined on a backlog, else to bare-each."
    )
    return [*_wrap(text), ""]


def notes(taken: Taken, parse: Mapping[str, float] | None) -> list[str]:
    """What a reader must know to judge the figures."""
    said = []
    if any(name.startswith("mixed") for name in taken.results):
        said.append(
            "mixed: clients in 1 to 3 of 100 organisations; of 100 records 80 are an "
            "organisation's events, 10 its notifications, 5 a user's, 5 for everyone. The bare "
            "programs then read each record's JSON and look up its clients; bare-joined joins "
            "per client. These rows have no floor."
        )
    if "memory" in taken.results:
        said.append(
            "KB per idle client: growth of the process's PSS; what the kernel keeps is not in it."
        )
    if "storm" in taken.results:
        said.append(
            "storm: live p99 is that of the worst second; times read is what the relay's sockets "
            "had from brokers, to what the records took when they were new; memory is PSS."
        )
    for (measure, kind), share in floors.busiest_load_client(taken.results).items():
        said.append(
            f"{measure} of {kind}: the load client was busy for {share:.0f} % of the time, so the "
            "server may be faster than shown."
        )
    disturbance = max(taken.disturbances, default=0)
    if disturbance > _DISTURBED:
        said.append(
            f"Others took up to {disturbance:.0%} of the server's core: the machine was not quiet. "
            "CPU figures bear that, times and rates do not."
        )
    if parse:
        said.append(
            f"unionflow_events.parse: {parse['parse_us']:.2f} us a record; "
            f"orjson.loads of the same: {parse['loads_us']:.2f} us."
        )
    return [line for note in said for line in _wrap(note)]


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False)


def render(lines: Sequence[Line]) -> list[str]:
    """A line of text per row."""
    kinds = [kind for kind in Kind if any(kind in line.values for line in lines)]
    columns = _LABEL + "".join(f"{{:>{max(8, len(kind) + 2)}}}" for kind in kinds) + _TAIL
    head = columns.format("", *kinds, "ratio", "floor", "")
    return [head.rstrip(), "-" * _WIDTH, *(_render(line, columns, kinds) for line in lines)]


def _render(line: Line, columns: str, kinds: Sequence[Kind]) -> str:
    values = [_compact(line.values.get(kind)) for kind in kinds]
    ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
    bound = "" if line.row.bound is None else str(line.row.bound)
    text = columns.format(line.row.label, *values, ratio, bound, _verdict(line))
    return text.rstrip()


def _verdict(line: Line) -> str:
    if line.verdict is Verdict.HOLDS and line.row.bound and line.row.bound.goal:
        return f"holds, goal {line.row.bound.goal:g}"
    return line.verdict or ""


def _compact(value: float | None) -> str:
    """Three digits that count: 13.9 M, 170 k, 5.70, 0.070."""
    if value is None:
        return "-"
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def as_json(
    lines: Sequence[Line],
    taken: Taken,
    notes: Sequence[str],
    parse: Mapping[str, float] | None,
) -> dict[str, Any]:
    """Everything, each round's figures included."""
    rows = [
        {
            "measure": line.row.measure,
            "figure": line.row.figure,
            "values": line.values,
            "against": line.row.against,
            "ratio": line.ratio,
            "floor": str(line.row.bound) if line.row.bound else None,
            "verdict": line.verdict,
        }
        for line in lines
    ]
    return {"rows": rows, "rounds": taken.results, "parse": parse, "notes": notes}
