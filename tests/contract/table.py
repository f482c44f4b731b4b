"""The table of cases, read from its files: see README.md beside this."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
INPUTS = frozenset(
    [
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
    ]
)
BESIDE_AN_INPUT = frozenset({"at", "expect", "id", "repeat"})
STRICT_CHANNELS = ("open", "send", "close", "ask", "events", "reload")
LOOSE_CHANNELS = ("store", "status", "connected", "reading", "slow", "access")


@dataclass(frozen=True, slots=True)
class Case:
    """One promise. steps: empty where making the client is to fail."""

    subject: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    random: Sequence[float] = ()
    steps: Sequence[Mapping[str, Any]] = ()
    rejects: bool = False


def all_cases() -> list[Case]:
    """Every case of every file, in the order of the files."""
    found = []
    for path in sorted(CASES.glob("*.json")):
        said = json.loads(path.read_text("utf-8"))
        found += [Case(said["subject"], **case) for case in said["cases"]]
    return found
