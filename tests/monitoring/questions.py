"""What a dashboard's files ask, with the variables that somebody would choose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.house.files import ROOT
from tests.monitoring.files import DASHBOARDS
from tests.monitoring.stack import NAMESPACE, OPERATOR_NAMESPACE, STREAM
from tests.support.prometheus import Prometheus

STEP_SECONDS = 1.0
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
ALL = ".*"


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a panel. points: time and value, both in seconds or the panel's unit."""

    legend: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel as the file has it, and what it shows."""

    panel: Mapping[str, Any]
    lines: Sequence[Line]

    @property
    def title(self) -> str:
        """Its heading."""
        return str(self.panel["title"])


@cache
def board(name: str) -> Mapping[str, Any]:
    """A dashboard's file."""
    found: Mapping[str, Any] = json.loads((ROOT / DASHBOARDS / f"{name}.json").read_text())
    return found


def board_files() -> list[Path]:
    """All of them."""
    return sorted((ROOT / DASHBOARDS).glob("*.json"))


def panels(of: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that ask something."""
    return [panel for panel in of["panels"] if panel["type"] != "row"]


def chosen(name: str, rate_seconds: int) -> dict[str, str]:
    """What each variable is, on this dashboard."""
    namespace = OPERATOR_NAMESPACE if name == "operator" else NAMESPACE
    every = {"pod": ALL, "service": f".+-{name}", "__rate_interval": f"{rate_seconds}s"}
    return {"namespace": namespace, "stream": STREAM, **every}


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """A query as Grafana sends it. Raises KeyError for a variable that there is not."""
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], text)


def shown(
    prometheus: Prometheus, name: str, begin: float, end: float, rate_seconds: int
) -> Iterator[Shown]:
    """Every panel of a dashboard with what it shows of this time."""
    values = chosen(name, rate_seconds)
    for panel in panels(board(name)):
        lines: list[Line] = []
        for target in panel["targets"]:
            expr = filled_in(target["expr"], values)
            for series in prometheus.query_range(expr, begin, end, STEP_SECONDS):
                points = [(float(at), float(value)) for at, value in series["values"]]
                lines.append(Line(_legend(target["legendFormat"], series["metric"]), points))
        yield Shown(panel, lines)


def _legend(text: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), text)
