"""Whether this pod can serve a client that is current, and if not, why: one sentence per reason."""

from __future__ import annotations

from collections.abc import Sequence


class Readiness:
    """Reasons against being ready, by subject. Ready means that none is left."""

    __slots__ = ("_reasons",)

    def __init__(self, **reasons: str) -> None:
        self._reasons: dict[str, str] = dict(reasons)

    def blame(self, subject: str, reason: str) -> None:
        """Not ready because of this, until it is cleared."""
        self._reasons[subject] = reason

    def clear(self, subject: str) -> None:
        """The subject no longer stands in the way."""
        self._reasons.pop(subject, None)

    def judge(self, subject: str, reason: str | Sequence[str]) -> None:
        """Blame the subject for the reason, or clear it where there is none (it is empty)."""
        if reason:
            self.blame(subject, str(reason))
        else:
            self.clear(subject)

    @property
    def ready(self) -> bool:
        """True when nothing stands in the way."""
        return not self._reasons

    @property
    def reasons(self) -> Sequence[str]:
        """Why not, a sentence each."""
        return tuple(self._reasons.values())
