"""One condition before it is known when it came about."""

from __future__ import annotations

from dataclasses import dataclass

from unionflow_operator.api.status import Truth
from unionflow_operator.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it holds, why in one word, and why in a sentence."""

    truth: Truth
    reason: Reason
    message: str

    @property
    def holds(self) -> bool:
        """Whether it is True: neither False nor Unknown."""
        return self.truth is Truth.TRUE


def yes(reason: Reason, message: str | None = None) -> Verdict:
    """It holds."""
    return Verdict(Truth.TRUE, reason, message or reason.meaning)


def no(reason: Reason, message: str | None = None) -> Verdict:
    """It does not hold."""
    return Verdict(Truth.FALSE, reason, message or reason.meaning)


def unknown(reason: Reason, message: str | None = None) -> Verdict:
    """Nobody can tell."""
    return Verdict(Truth.UNKNOWN, reason, message or reason.meaning)


def listed(words: tuple[str, ...] | list[str]) -> str:
    """`a, b and 3 more`, so that a message stays short."""
    shown = ", ".join(words[:5])
    return f"{shown} and {len(words) - 5} more" if len(words) > 5 else shown
