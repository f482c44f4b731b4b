"""What a maintainer says of a dashboard: rows of panels with their queries, units and limits.

In an expression `@` stands for the board's labels (`{@}`, `{@,code="4408"}`), and `[r]` for the
range that Grafana reckons from the scrape interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

RATE = "[$__rate_interval]"


class Kind(StrEnum):
    """Grafana's panel types that are used here."""

    STAT = "stat"
    LINES = "timeseries"


class Style(StrEnum):
    """How series are drawn. Bars for what happens now and then: a gap says that nothing did."""

    LINES = "lines"
    STACK = "stack"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Query:
    """legend: the series' name, with Grafana's `{{label}}`. exemplars: ask for traces too.

    limit: it is no measure, but how much of it there may be: dashed, and not filled.
    """

    expr: str
    legend: str
    exemplars: bool = False
    limit: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """From `value` on, in the panel's unit, it has this colour."""

    value: float
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """unit: Grafana's id, such as `s`, `bytes`, `cps` (a second), `percentunit` (0 to 1).

    width: of 24. may_be_empty: why there may be no data, which the description says too.
    colours: of series by their names, where they mean something.
    """

    title: str
    description: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    unit: str = "none"
    style: Style = Style.LINES
    width: int = 12
    base: str = "green"
    thresholds: tuple[Threshold, ...] = ()
    may_be_empty: str = ""
    most: float | None = None
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and what stands under it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """Chosen at the top. query: Prometheus' `label_values(…)`.

    every: what `All` asks for, where several can be chosen.
    """

    name: str
    label: str
    query: str
    regex: str = ""
    every: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. file: its name without `.json`. labels: what `@` stands for."""

    file: str
    title: str
    description: str
    labels: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]

    @property
    def uid(self) -> str:
        """By which links and provisioning know it."""
        return f"unionflow-{self.file}"


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "none",
    style: Style = Style.LINES,
    width: int = 12,
    thresholds: tuple[Threshold, ...] = (),
    may_be_empty: str = "",
    most: float | None = None,
    colours: Mapping[str, str] = MappingProxyType({}),
) -> Panel:
    """A panel over time."""
    return Panel(
        title,
        description,
        queries,
        unit=unit,
        style=style,
        width=width,
        thresholds=thresholds,
        may_be_empty=may_be_empty,
        most=most,
        colours=colours,
    )


def stat(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "none",
    width: int = 4,
    base: str = "green",
    thresholds: tuple[Threshold, ...] = (),
    may_be_empty: str = "",
) -> Panel:
    """One number, with its recent course behind it."""
    query = Query(expr, title.lower())
    return Panel(
        title,
        description,
        (query,),
        kind=Kind.STAT,
        unit=unit,
        width=width,
        base=base,
        thresholds=thresholds,
        may_be_empty=may_be_empty,
    )


def warns(orange: float, red: float) -> tuple[Threshold, ...]:
    """The usual two limits."""
    return (Threshold(orange, "orange"), Threshold(red, "red"))
