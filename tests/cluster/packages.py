"""Which installed packages an extra of ours asks for, and their files: what goes into its image."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.house.files import ROOT


def installed_files(extra: str) -> Mapping[str, Path]:
    """The files of all packages that the extra needs, by their place below site-packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"][extra]]
    found: dict[tuple[str, frozenset[str]], Distribution] = {}
    for line in wanted:
        _collect(Requirement(line), found)
    files = [(one, file) for one in found.values() for file in one.files or ()]
    own = distribution(project["name"])  # installed for editing: of it, what says its version
    files += [(own, file) for file in own.files or () if file.parts[0].endswith(".dist-info")]
    return {
        str(file): Path(str(one.locate_file(file))) for one, file in files if ".." not in file.parts
    }


def _collect(wanted: Requirement, found: dict[tuple[str, frozenset[str]], Distribution]) -> None:
    key = (wanted.name.lower(), frozenset(wanted.extras))
    if key in found:
        return
    found[key] = distribution(wanted.name)
    for requirement in _needed(found[key].requires or (), wanted.extras):
        _collect(requirement, found)


def _needed(lines: Iterable[str], extras: set[str]) -> Iterable[Requirement]:
    for line in lines:
        requirement = Requirement(line)
        asked = [{"extra": extra} for extra in extras] or [{"extra": ""}]
        if requirement.marker is None or any(map(requirement.marker.evaluate, asked)):
            yield requirement
