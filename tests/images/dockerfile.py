"""The Dockerfile as values, so that what it says is carried out and tested without Docker."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.house.files import ROOT

STEP = "python -m shipping.image "


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `COPY`, its options (`from`: `build`), and what stands after them."""

    word: str
    options: Mapping[str, str]
    text: str

    @property
    def words(self) -> Sequence[str]:
        """The arguments, of either form."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `FROM base AS name`, and the instructions below it."""

    name: str
    base: str
    instructions: Sequence[Instruction]

    def all(self, word: str) -> Iterator[Instruction]:
        """The stage's instructions of this word."""
        return (one for one in self.instructions if one.word == word)


def parse(text: str) -> Mapping[str, Stage]:
    """The stages of a Dockerfile by name, in its order."""
    stages: dict[str, Stage] = {}
    name, base, found = "", "", list[Instruction]()
    for one in _instructions(text):
        if one.word == "FROM":
            base, _, name = one.words
            found = []
            stages[name] = Stage(name, base, found)
        else:
            found.append(one)
    return stages


def dockerfile() -> Mapping[str, Stage]:
    """The stages of this repository's Dockerfile."""
    return parse((ROOT / "Dockerfile").read_text())


def chain(stages: Mapping[str, Stage], target: str) -> Sequence[Stage]:
    """The stages that a target's image consists of, the lowest first."""
    stage = stages[target]
    below = chain(stages, stage.base) if stage.base in stages else ()
    return (*below, stage)


def steps(stages: Mapping[str, Stage], target: str) -> Sequence[Sequence[str]]:
    """What fills each layer of a target: the arguments of `python -m shipping.image`."""
    found = []
    for stage in chain(stages, target):
        for copy in stage.all("COPY"):
            source = stages[copy.options["from"]]
            ran = [one.text for one in source.all("RUN") if one.text.startswith(STEP)]
            found += [shlex.split(text.removeprefix(STEP)) for text in ran]
    return found


def config(stages: Mapping[str, Stage], target: str) -> Mapping[str, object]:
    """The image's configuration, as `docker inspect` shows it."""
    merged: dict[str, object] = {}
    environment: list[str] = []
    labels: dict[str, str] = {}
    ports: dict[str, object] = {}
    arguments: dict[str, str] = {}
    for stage in chain(stages, target):
        for one in stage.instructions:
            if one.word == "ARG":
                name, _, value = one.text.partition("=")
                arguments[name] = value
            elif one.word == "ENV":
                environment += one.words
            elif one.word == "LABEL":
                pairs = (word.partition("=") for word in one.words)
                labels |= {name: _filled(value, arguments) for name, _, value in pairs}
            elif one.word == "EXPOSE":
                ports |= {f"{port}/tcp": {} for port in one.words}
            elif one.word in {"USER", "WORKDIR", "ENTRYPOINT"}:
                single = {"USER": "User", "WORKDIR": "WorkingDir"}.get(one.word)
                merged |= {single: one.text} if single else {"Entrypoint": one.words}
            elif one.word == "HEALTHCHECK":
                merged["Healthcheck"] = {"Test": Instruction("CMD", {}, one.text[4:]).words}
    return {**merged, "Env": environment, "Labels": labels, "ExposedPorts": ports}


def _filled(value: str, arguments: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], value)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.strip().partition(" ")
        options: dict[str, str] = {}
        rest = rest.strip()
        while rest.startswith("--"):
            option, _, rest = rest.partition(" ")
            name, _, value = option[2:].partition("=")
            options[name] = value
            rest = rest.strip()
        yield Instruction(word, options, rest)
