"""The few shapes that a picture is made of."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, FAINT, RULE = "#24292e", "#6e7780", "#e6e8eb"
PAGE, PANEL = "#f4f5f7", "#ffffff"
_LETTER, _CAPITAL = 0.56, 0.7  # of the font's size: how wide one is, about

Points = Iterable[tuple[float, float]]


def text(  # what a text has
    x: float,
    y: float,
    words: str,
    size: float = 11,
    colour: str = INK,
    *,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """Words at their base line."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def width_of(words: str, size: float) -> float:
    """About how wide they are."""
    return size * sum(_CAPITAL if letter.isupper() else _LETTER for letter in words)


def box(  # what a box has
    x: float, y: float, w: float, h: float, fill: str, *, border: str = "none", round_: float = 0
) -> str:
    """A rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{max(h, 0):.1f}" '
        f'fill="{fill}" stroke="{border}" rx="{round_:g}"/>'
    )


def line(  # what a line has
    x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False
) -> str:
    """A thin line."""
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="1"{dashes}/>'
    )


def curve(points: Points, colour: str, *, dashed: bool = False) -> str:
    """A line through points."""
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<polyline points="{_joined(points)}" fill="none" stroke="{colour}" '
        f'stroke-width="1.5" stroke-linejoin="round"{dashes}/>'
    )


def area(points: Points, colour: str, opacity: float) -> str:
    """What they go round."""
    return f'<polygon points="{_joined(points)}" fill="{colour}" fill-opacity="{opacity:g}"/>'


def _joined(points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
