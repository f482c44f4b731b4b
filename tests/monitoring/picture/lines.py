"""A panel over time: axes, thresholds, series and their names."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.monitoring.picture import svg
from tests.monitoring.picture.frame import Frame
from tests.monitoring.picture.scale import shown_as, ticks
from tests.monitoring.picture.stat import COLOURS
from tests.monitoring.questions import STEP_SECONDS, Line, Shown

PALETTE: Final = (
    *("#3b7ddd", "#e8833a", "#2f9e63", "#c0392b", "#8457c2", "#0e98a8", "#c2499b", "#8a6d3b"),
    *("#5a6b7b", "#9aa81f", "#1f4e8c", "#f0b429", "#70a83b", "#e86a92", "#5b4b8a", "#b5651d"),
)
LEGEND_ROW, LEGEND_ROWS = 15, 2
AXIS, BELOW = 54, 18


def lines(panel: Shown, frame: Frame) -> Iterator[str]:
    """The whole content."""
    field = panel.panel["fieldConfig"]["defaults"]
    custom = field["custom"]
    named = [line for line in panel.lines if any(math.isfinite(v) for _, v in line.points)]
    stacked = custom["stacking"]["mode"] == "normal"
    heights = list(_stacked(named)) if stacked else [_bare(line) for line in named]
    looks = _looks(panel, named)
    legend = list(_legend(named, looks, frame))
    below = BELOW + LEGEND_ROW * (1 + max((row for row, _ in legend), default=0))
    plot = frame.inside(AXIS, 4, 8, below)
    top = max((high for layer in heights for _, _, high in layer), default=0.0)
    if "max" in field:
        top = max(top, float(field["max"]))
    marks = ticks(top, field["unit"])
    yield from _axes(plot, marks, field["unit"])
    for layer, look in zip(heights, looks, strict=True):
        yield from _layer(layer, plot, marks[-1], look)
    yield from _thresholds(field, plot, marks[-1])
    for row, part in legend:
        yield part.replace("@y@", f"{plot.top + plot.height + BELOW + 12 + row * LEGEND_ROW:.1f}")
    if not named:
        middle = plot.left + plot.width / 2
        yield svg.text(
            middle, plot.top + plot.height / 2, "no data", 12, svg.FAINT, anchor="middle"
        )


Layer = Sequence[tuple[float, float, float]]
"""Time, and from where to where."""


def _bare(line: Line) -> Layer:
    return [(at, 0.0, value) for at, value in line.points if math.isfinite(value)]


def _stacked(named: Sequence[Line]) -> Iterator[Layer]:
    under: dict[float, float] = {}
    for line in named:
        layer = []
        for at, low, value in _bare(line):
            base = under.get(at, low)
            layer.append((at, base, base + value))
            under[at] = base + value
        yield layer


def _axes(plot: Frame, marks: Sequence[float], unit: str) -> Iterator[str]:
    bottom = plot.top + plot.height
    for mark in marks:
        y = bottom - plot.height * mark / marks[-1]
        yield svg.line(plot.left, y, plot.left + plot.width, y, svg.RULE)
        yield svg.text(plot.left - 6, y + 3.5, shown_as(mark, unit), 10, svg.FAINT, anchor="end")
    every = next(
        s for s in (10, 15, 20, 30, 60, 120) if plot.width * s > 70 * (plot.end - plot.begin)
    )
    at = math.ceil(plot.begin / every) * every
    while at <= plot.end:
        words = time.strftime("%H:%M:%S", time.gmtime(at))
        yield svg.text(plot.across(at), bottom + 14, words, 10, svg.FAINT, anchor="middle")
        at += every


@dataclass(frozen=True, slots=True)
class Look:
    """How a series is drawn."""

    colour: str
    opacity: float
    bars: bool
    dashed: bool


def _looks(panel: Shown, named: Sequence[Line]) -> Sequence[Look]:
    """What the panel says of all, and of those that it names."""
    config = panel.panel["fieldConfig"]
    custom = config["defaults"]["custom"]
    own = {
        rule["matcher"]["options"]: {p["id"]: p["value"] for p in rule["properties"]}
        for rule in config["overrides"]
    }
    looks = []
    for number, line in enumerate(named):
        said = own.get(line.legend, {})
        fixed = said.get("color", {}).get("fixedColor")
        looks.append(
            Look(
                COLOURS[fixed] if fixed else PALETTE[number % len(PALETTE)],
                said.get("custom.fillOpacity", custom["fillOpacity"]) / 100,
                custom["drawStyle"] == "bars",
                "custom.lineStyle" in said,
            )
        )
    return looks


def _layer(layer: Layer, plot: Frame, top: float, look: Look) -> Iterator[str]:
    bottom, colour = plot.top + plot.height, look.colour

    def down(value: float) -> float:
        return bottom - plot.height * min(value, top) / top

    if look.bars:
        wide = max(1.5, 0.8 * plot.width * STEP_SECONDS / (plot.end - plot.begin))
        for at, low, high in layer:
            x, y = plot.across(at) - wide / 2, down(high)
            yield svg.box(x, y, wide, down(low) - y, colour)
        return
    for part in _unbroken(layer):
        upper = [(plot.across(at), down(high)) for at, _, high in part]
        lower = [(plot.across(at), down(low)) for at, low, _ in reversed(part)]
        if look.opacity:
            yield svg.area([*upper, *lower], colour, look.opacity)
        if len(upper) == 1:  # a line of one point is not seen
            upper.append((upper[0][0] + 1.5, upper[0][1]))
        yield svg.curve(upper, colour, dashed=look.dashed)


def _unbroken(layer: Layer) -> Iterator[Layer]:
    part: list[tuple[float, float, float]] = []
    for point in layer:
        if part and point[0] - part[-1][0] > 1.5 * STEP_SECONDS:
            yield part
            part = []
        part.append(point)
    if part:
        yield part


def _thresholds(field: dict[str, Any], plot: Frame, top: float) -> Iterator[str]:
    if field["custom"]["thresholdsStyle"]["mode"] == "off":
        return
    for step in field["thresholds"]["steps"]:
        if step["value"] is not None and step["value"] <= top:
            y = plot.top + plot.height * (1 - step["value"] / top)
            colour = COLOURS[step["color"]]
            yield svg.line(plot.left, y, plot.left + plot.width, y, colour, dashed=True)


def _legend(
    named: Sequence[Line], looks: Sequence[Look], frame: Frame
) -> Iterator[tuple[int, str]]:
    """Row, and the part of the picture; its height is put in for `@y@`."""
    x, row = 0.0, 0
    for number, line in enumerate(named):
        wide = 16 + svg.width_of(line.legend, 10.5) + 12
        if x and x + wide > frame.width - 24:
            x, row = 0.0, row + 1
        if row == LEGEND_ROWS - 1 and x + wide > frame.width - 90 and number < len(named) - 1:
            words = f"and {len(named) - number} more"
            yield row, _at_y(frame.left + 12 + x, words, svg.FAINT)
            return
        colour = looks[number].colour
        left = frame.left + 12 + x
        yield row, f'<circle cx="{left + 4:.1f}" cy="@y@" r="3.5" fill="{colour}" />'
        yield row, _at_y(left + 13, line.legend, svg.INK)
        x += wide


def _at_y(x: float, words: str, colour: str) -> str:
    made = svg.text(x, 0, words, 10.5, colour)
    return made.replace('y="0.0"', 'y="@y@" dy="3.5"')
