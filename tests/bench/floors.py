"""The rows of the table and the floors under them: figures in, verdicts out, nothing touched."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.bench.measures import BACKLOG, IDLE_CLIENTS, RATE
from tests.bench.resumes import BEHIND, STORM_CLIENTS
from tests.bench.servers import Kind
from tests.bench.stage import Figures

Round = Mapping[Kind, Figures]


class Verdict(StrEnum):
    """How a row compares to its floor."""

    HOLDS = "holds"
    GOAL = "goal"  # and more than the floor asks
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Bound:
    """A floor, or a ceiling; and a goal beyond it."""

    limit: float
    is_ceiling: bool = False
    goal: float | None = None

    def __str__(self) -> str:
        return f"{'<=' if self.is_ceiling else '>='} {self.limit:g}"

    def judge(self, value: float) -> Verdict:
        """Compare one value."""
        if value > self.limit if self.is_ceiling else value < self.limit:
            return Verdict.MISSED
        return Verdict.HOLDS if self.goal is None or value < self.goal else Verdict.GOAL


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one measure. The bound is for the relay's ratio, or its value without one."""

    measure: str
    figure: str
    label: str
    against: Kind | None = None
    bound: Bound | None = None


FROM_MEMORY = Bound(1, is_ceiling=True)
FROM_KAFKA = Bound(3, is_ceiling=True)
ROWS = (
    Row(
        "backlog",
        "per_second",
        f"backlog of {BACKLOG:,}: deliveries/s",
        Kind.JOINED,
        Bound(0.4, goal=0.8),
    ),
    Row("backlog", "cpu_us", "  CPU per delivery, us", Kind.JOINED),
    Row("rate", "p50_ms", f"{RATE} records/s: p50, ms", Kind.EACH, Bound(1.25, is_ceiling=True)),
    Row("rate", "p99_ms", "  p99, ms", Kind.EACH),
    Row("rate", "cpu_percent", "  CPU, %", Kind.EACH, Bound(1.25, is_ceiling=True)),
    Row("mixed-backlog", "per_second", "mixed backlog: deliveries/s", Kind.JOINED),
    Row("mixed-backlog", "cpu_us", "  CPU per delivery, us", Kind.JOINED),
    Row("mixed-rate", "p50_ms", f"mixed {RATE} records/s: p50, ms", Kind.EACH),
    Row("mixed-rate", "p99_ms", "  p99, ms", Kind.EACH),
    Row("mixed-rate", "cpu_percent", "  CPU, %", Kind.EACH),
    Row(
        "memory",
        "kilobytes",
        f"KB per idle client of {IDLE_CLIENTS:,}",
        bound=Bound(4, is_ceiling=True),
    ),
    Row("handshakes", "per_second", "handshakes/s", Kind.EACH, Bound(0.3, goal=0.6)),
    Row("handshakes", "cpu_us", "  CPU per handshake, us", Kind.EACH),
    Row("tokens", "known_ratio", "  with known tokens, to none", bound=Bound(0.6)),
    Row("tokens", "known_cpu_us", "  CPU per handshake, us"),
    Row("tokens", "new_ratio", "  with new tokens, to none", bound=Bound(0.6)),
    Row("tokens", "new_cpu_us", "  CPU per handshake, us"),
    Row("resume", "memory_all", f"{BEHIND:,} behind, all its own: s", bound=FROM_MEMORY),
    Row("resume", "memory_few", "  1 % its own: s", bound=FROM_MEMORY),
    Row("resume", "kafka_all", "  from Kafka, all its own: s", bound=FROM_KAFKA),
    Row("resume", "kafka_few", "  from Kafka, 1 % its own: s", bound=FROM_KAFKA),
    *(
        Row("storm", f"{source}_{figure}", label, bound=bound)
        for source, name in (("memory", "history"), ("kafka", "Kafka"))
        for figure, label, bound in (
            ("seconds", f"storm of {STORM_CLIENTS:,}, {name}: s", Bound(15, is_ceiling=True)),
            ("reads", "  times read from Kafka", Bound(2, is_ceiling=True)),
            ("p99_before_ms", "  live p99 before, ms", None),
            ("p99_ratio", "  live p99, in it to before", Bound(2, is_ceiling=True)),
            ("memory_ratio", "  memory, after to before", Bound(1.2, is_ceiling=True)),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its medians over the rounds."""

    row: Row
    values: Mapping[Kind, float]
    ratio: float | None  # the median of the rounds' ratios, not the ratio of medians
    verdict: Verdict | None


def lines(results: Mapping[str, Sequence[Round]]) -> list[Line]:
    """The table's lines for the measures that were made."""
    return [_line(row, results[row.measure]) for row in ROWS if results.get(row.measure)]


def _line(row: Row, rounds: Sequence[Round]) -> Line:
    kinds = list(rounds[0])
    values = {kind: statistics.median(one[kind][row.figure] for one in rounds) for kind in kinds}
    ratio = None
    if row.against in values and Kind.RELAY in values:
        ratio = statistics.median(
            one[Kind.RELAY][row.figure] / one[row.against][row.figure] for one in rounds
        )
    judged = values.get(Kind.RELAY) if row.against is None else ratio
    verdict = None if row.bound is None or judged is None else row.bound.judge(judged)
    return Line(row, values, ratio, verdict)


def busiest_load_client(results: Mapping[str, Sequence[Round]]) -> Mapping[tuple[str, Kind], float]:
    """Where the load client itself was near its limit (over 90 % of its core), and how near."""
    shares = {
        (measure, kind): statistics.median(one[kind]["load_client_percent"] for one in rounds)
        for measure, rounds in results.items()
        for kind, figures in rounds[0].items()
        if "load_client_percent" in figures
    }
    return {where: share for where, share in shares.items() if share > 90}
