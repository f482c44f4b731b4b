"""A panel of one number, with its recent course behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.monitoring.picture import svg
from tests.monitoring.picture.frame import Frame
from tests.monitoring.picture.scale import shown_as
from tests.monitoring.questions import Shown

COLOURS = {"green": "#1a7f4b", "orange": "#d9730d", "red": "#cf222e", "blue": "#3b7ddd"}


def colour_of(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """The colour of the highest threshold that it has reached."""
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return COLOURS[reached[-1]["color"]]


def stat(panel: Shown, frame: Frame) -> Iterator[str]:
    """Its number is the last one that is one."""
    defaults = panel.panel["fieldConfig"]["defaults"]
    points = [p for line in panel.lines for p in line.points if math.isfinite(p[1])]
    value = points[-1][1] if points else math.nan
    colour = colour_of(value, defaults["thresholds"]["steps"])
    if points:
        yield from _course(points, frame, colour)
    middle = frame.left + frame.width / 2
    words = shown_as(value, defaults["unit"])
    size = min(30.0, (frame.width - 24) / max(1.0, len(words) * 0.56))
    yield svg.text(
        middle, frame.top + frame.height * 0.56, words, size, colour, anchor="middle", bold=True
    )


def _course(points: Sequence[tuple[float, float]], frame: Frame, colour: str) -> Iterator[str]:
    most = max(value for _, value in points) or 1.0
    low, high = frame.top + frame.height - 6, frame.height * 0.3
    placed = [(frame.across(at), low - high * value / most) for at, value in points]
    yield svg.area([(placed[0][0], low), *placed, (placed[-1][0], low)], colour, 0.1)
    yield svg.curve(placed, colour + "66")
