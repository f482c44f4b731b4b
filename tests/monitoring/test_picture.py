"""What draws the dashboards says its numbers as people read them, and leaves nothing out."""

from __future__ import annotations

import math

import pytest

from tests.house.files import ROOT
from tests.monitoring.boards import BOARDS
from tests.monitoring.files import PICTURES
from tests.monitoring.picture import Seen, drawn
from tests.monitoring.picture.scale import shown_as, ticks
from tests.monitoring.questions import Line, Shown, board, chosen, panels


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, "s", "0 s"),
        (0.0241, "s", "24.1 ms"),
        (90, "s", "90 s"),
        (300, "s", "5 min"),
        (0, "bytes", "0 B"),
        (256 * 1024 * 1024, "bytes", "256 MiB"),
        (0.278, "percentunit", "27.8%"),
        (1500, "cps", "1.5k/s"),
        (12, "none", "12"),
        (math.nan, "s", "no data"),
    ],
)
def test_a_number_is_shown_in_its_unit(value: float, unit: str, words: str) -> None:
    assert shown_as(value, unit) == words


@pytest.mark.parametrize(
    ("most", "unit", "marks"),
    [
        (0, "none", (0, 1)),
        (0.9, "none", (0, 0.25, 0.5, 0.75, 1)),
        (45, "none", (0, 20, 40, 60)),
        (100 * 1024, "bytes", (0, 25 * 1024, 50 * 1024, 75 * 1024, 100 * 1024)),
    ],
)
def test_an_axis_has_round_marks_up_to_all_that_is_drawn(
    most: float, unit: str, marks: tuple[float, ...]
) -> None:
    assert ticks(most, unit) == pytest.approx(marks)


def test_a_panel_without_data_says_so_and_a_gap_is_no_line() -> None:
    (first, second, *_) = (p for p in panels(board("relay")) if p["type"] == "timeseries")
    gap = Line("one", [(0.0, 1.0), (1.0, 1.0), (5.0, 2.0), (6.0, 2.0)])
    shown = [Shown(first, []), Shown(second, [gap])]
    picture = drawn(Seen(board("relay"), chosen("relay", 10), shown, 0.0, 10.0))
    assert picture.count("no data") == 1
    assert picture.count("<polyline") == 2


@pytest.mark.parametrize("name", [one.file for one in BOARDS])
def test_the_picture_in_the_docs_has_every_panel(name: str) -> None:
    picture = (ROOT / PICTURES / f"dashboard-{name}.svg").read_text()
    titles = {panel["title"] for panel in panels(board(name))}
    missing = {title for title in titles if f">{title.replace(chr(39), '&#x27;')}<" not in picture}
    assert missing == set(), "python -m tests.monitoring.draw draws them anew"
