"""Numbers as people read them: units, and round ticks on an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_KIB: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_THOUSANDS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_RATES: Final = {"cps": "/s", "reqps": " req/s"}


def shown_as(value: float, unit: str) -> str:
    """A value in Grafana's unit."""
    if not math.isfinite(value):
        return "no data"
    if unit == "s":
        return _seconds(value)
    if unit == "bytes":
        return _bytes(value)
    if unit == "percentunit":
        return f"{_short(value * 100)}%"
    return f"{_short(value)}{_RATES.get(unit, '')}"


def ticks(most: float, unit: str, about: int = 4) -> Sequence[float]:
    """Values from 0 to at least `most`, round in their unit."""
    if most <= 0:
        return (0.0, 1.0)
    if unit == "bytes" and most >= 1024:
        size = 1024.0 ** int(math.log2(most) // 10)
        return tuple(size * tick for tick in ticks(most / size, "none", about))
    raw = most / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice >= raw)
    return tuple(step * n for n in range(math.ceil(most / step - 1e-9) + 1))


def _seconds(value: float) -> str:
    if value == 0:
        return "0 s"
    if value < 1e-3:
        return f"{_short(value * 1e6)} µs"
    if value < 1:
        return f"{_short(value * 1e3)} ms"
    return f"{_short(value)} s" if value < 120 else f"{_short(value / 60)} min"


def _bytes(value: float) -> str:
    power = 0 if value < 1 else min(int(math.log2(value) // 10), len(_KIB) - 1)
    return f"{_short(value / 1024**power)} {_KIB[power]}"


def _short(value: float) -> str:
    for size, letter in _THOUSANDS:
        if value >= size:
            return f"{_short(value / size)}{letter}"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value < 100 else 0
    text = f"{value:.{min(digits, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
