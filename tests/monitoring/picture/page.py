"""The page: a heading, rows, and each panel where the dashboard puts it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.monitoring.picture import svg
from tests.monitoring.picture.frame import Frame
from tests.monitoring.picture.lines import lines
from tests.monitoring.picture.stat import stat
from tests.monitoring.questions import Shown

COLUMN, ROW, GAP = 60, 30, 8
HEAD, MARGIN, WIDTH = 64, 12, 24
FONT = "Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Seen:
    """A dashboard, what was chosen on it, and what its panels show of a time."""

    board: Mapping[str, Any]
    chosen: Mapping[str, str]
    panels: Sequence[Shown]
    begin: float
    end: float


def drawn(seen: Seen) -> str:
    """The whole picture."""
    bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in seen.board["panels"])
    width = WIDTH * COLUMN + 2 * MARGIN
    height = HEAD + bottom * (ROW + GAP) + MARGIN
    opened = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{seen.board["title"]}" font-family="{FONT}">'
    )
    parts = [
        opened,
        svg.box(0, 0, width, height, svg.PAGE),
        *_head(seen, width),
        *_rows(seen.board),
        *(part for panel in seen.panels for part in _panel(panel, seen)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(seen: Seen, width: float) -> Iterator[str]:
    yield svg.text(MARGIN + 4, 28, seen.board["title"], 18, bold=True)
    chips = [v for v in seen.board["templating"]["list"] if v["name"] in seen.chosen]
    x = float(MARGIN + 4)
    for variable in chips:
        value = seen.chosen[variable["name"]]
        words = f"{variable['label']}: {'All' if value == variable.get('allValue') else value}"
        wide = svg.width_of(words, 11) + 16
        yield svg.box(x, 38, wide, 19, svg.PANEL, border="#d0d7de", round_=4)
        yield svg.text(x + 8, 51.5, words, 11, svg.FAINT)
        x += wide + 8
    begin, end = (time.strftime("%H:%M:%S", time.gmtime(at)) for at in (seen.begin, seen.end))
    words = f"{begin} to {end} UTC, a real stack"
    yield svg.text(width - MARGIN - 4, 28, words, 11, svg.FAINT, anchor="end")


def _rows(board: Mapping[str, Any]) -> Iterator[str]:
    for panel in board["panels"]:
        if panel["type"] == "row":
            y = HEAD + panel["gridPos"]["y"] * (ROW + GAP) + 24
            yield svg.text(MARGIN + 4, y, panel["title"], 13, bold=True)


def _panel(panel: Shown, seen: Seen) -> Iterator[str]:
    place = panel.panel["gridPos"]
    left = MARGIN + place["x"] * COLUMN + GAP / 2
    top = HEAD + place["y"] * (ROW + GAP)
    width, height = place["w"] * COLUMN - GAP, place["h"] * (ROW + GAP) - GAP
    yield svg.box(left, top, width, height, svg.PANEL, border="#dfe2e6", round_=4)
    yield svg.text(left + 12, top + 20, panel.title, 12, bold=True)
    frame = Frame(left, top + 30, width, height - 36, seen.begin, seen.end)
    yield from (stat if panel.panel["type"] == "stat" else lines)(panel, frame)
