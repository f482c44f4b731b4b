"""One alert's two histories, a sample a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Series = Mapping[str, str]
"""A series, `metric{label="value"}`, and its values."""


@dataclass(frozen=True, slots=True)
class Case:
    """at: minutes after which it fires, or does not. labels: of the alert, but for its severity.

    shown: the value as its text shows it, where it does.
    """

    alert: str
    fires: Series
    quiet: Series
    at: int
    labels: Mapping[str, str]
    shown: str = ""


def series(metric: str, labels: Mapping[str, str], **more: str) -> str:
    """A series as promtool reads it."""
    every = ",".join(f'{name}="{value}"' for name, value in {**labels, **more}.items())
    return f"{metric}{{{every}}}"
