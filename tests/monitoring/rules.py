"""The rules as values, from the files that are shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.house.files import ROOT
from tests.monitoring.files import RULES


@dataclass(frozen=True, slots=True)
class Alert:
    """file: the one that has it. waits: for how many minutes it must hold."""

    name: str
    file: Path
    expr: str
    severity: str
    annotations: Mapping[str, str]
    waits: int


def rule_files() -> list[Path]:
    """All of them."""
    return sorted((ROOT / RULES).glob("*.yaml"))


@cache
def alerts() -> tuple[Alert, ...]:
    """Every alert."""
    return tuple(_alert(file, rule) for file, rule in _rules() if "alert" in rule)


@cache
def records() -> Mapping[str, str]:
    """What is recorded, and the expression of each."""
    return {rule["record"]: rule["expr"] for _, rule in _rules() if "record" in rule}


def _rules() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for file in rule_files():
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file, rule


def _alert(file: Path, rule: Mapping[str, Any]) -> Alert:
    waits = int(rule.get("for", "0m").removesuffix("m"))
    labels, said = rule["labels"], rule["annotations"]
    return Alert(rule["alert"], file, rule["expr"], labels["severity"], said, waits)
