"""A case of the table, as its README has it: steps on one clock, and what is to come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Step = Mapping[str, Any]
DEFAULT_API: Final = "https://api.example.org"
DEFAULT_REMEMBER: Final = 10_000
STRICT_CHANNELS: Final = ("open", "send", "close", "ask", "events", "reload")
LOOSE_CHANNELS: Final = ("store", "status", "connected", "reading", "slow", "access")
# Of these a step has at most one.
INPUTS: Final = (
    "connect",
    "disconnect",
    "opened",
    "failed",
    "frame",
    "text",
    "binary",
    "closed",
    "token",
    "reloaded",
    "network",
    "page",
    "take",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One promise. steps: empty where making the client is to fail."""

    subject: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    random: Sequence[float] = ()
    steps: Sequence[Step] = ()
    rejects: bool = False

    @property
    def title(self) -> str:
        """How a report names it."""
        return f"{self.subject}: {self.name}"


def cases_of(said: Mapping[str, Any]) -> list[Case]:
    """The cases of one file of the table. said: its JSON."""
    return [Case(said["subject"], **case) for case in said["cases"]]


def input_of(step: Step) -> str | None:
    """What is done in a step; None: time passes."""
    return next((name for name in INPUTS if name in step), None)


def is_expected(step: Step, channel: str) -> bool:
    """Whether something is to come on a channel in a step."""
    return bool(step.get("expect", {}).get(channel))
