"""Where a panel's content lies on the page, and which time it spans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """left, top, width, height: pixels. begin, end: seconds since 1970."""

    left: float
    top: float
    width: float
    height: float
    begin: float
    end: float

    def across(self, at: float) -> float:
        """Where a time is."""
        return self.left + self.width * (at - self.begin) / (self.end - self.begin)

    def inside(self, left: float, top: float, right: float, bottom: float) -> Frame:
        """A smaller one, by so many pixels on each side."""
        return Frame(
            self.left + left,
            self.top + top,
            self.width - left - right,
            self.height - top - bottom,
            self.begin,
            self.end,
        )
