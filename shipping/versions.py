"""One version for everything: pyproject.toml has it, and every file that repeats it must agree.

`python -m shipping.versions` says whether they do; `python -m shipping.versions 1.2.3` writes it
into all of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shipping.errors import VersionsDiffer
from shipping.steps import ROOT

SOURCE = Path("pyproject.toml")
_TOML = r'^version = "([^"]+)"'
_JSON = r'^  "version": "([^"]+)"'
_IMAGE = r"unionflow/(?:relay|operator|backend):([0-9][\w.-]*)"
PLACES = {
    SOURCE: (_TOML,),
    Path("services/clients/python/pyproject.toml"): (_TOML,),
    Path("services/clients/typescript/package.json"): (_JSON,),
    Path("services/dashboard/package.json"): (_JSON,),
    Path("charts/unionflow/Chart.yaml"): (r"^version: (\S+)", r"^appVersion: (\S+)"),
    Path("charts/unionflow-operator/Chart.yaml"): (r"^version: (\S+)", r"^appVersion: (\S+)"),
    Path("manifests/operator/deployment.yaml"): (_IMAGE,),
    Path("manifests/samples/everything.yaml"): (_IMAGE,),
}
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that says a version."""

    path: Path
    line: int
    version: str


def mentions(root: Path = ROOT) -> Iterator[Mention]:
    """Every place that says the version.

    Raises:
        VersionsDiffer: a file no longer says it where it did.
    """
    for path, patterns in PLACES.items():
        text = (root / path).read_text()
        for pattern in patterns:
            found = list(re.finditer(pattern, text, re.MULTILINE))
            if not found:
                raise VersionsDiffer(f"{path}: nothing there is as {pattern!r}")
            for match in found:
                yield Mention(path, text.count("\n", 0, match.start()) + 1, match[1])


def the_version(root: Path = ROOT, tag: str | None = None) -> str:
    """The version that all agree on. tag: `v1.2.3`, which must be of that version.

    Raises:
        VersionsDiffer: where some do not.
    """
    said = list(mentions(root))
    version = said[0].version
    others = [f"{one.path}:{one.line} says {one.version}" for one in said if one.version != version]
    if tag is not None and tag != f"v{version}":
        others.append(f"the tag says {tag}")
    if others:
        raise VersionsDiffer(
            f"{SOURCE} says {version}, but {'; '.join(others)}: python -m shipping.versions "
            f"{version} writes it into all files"
        )
    return version


def write(version: str, root: Path = ROOT) -> None:
    """Write a version into every place.

    Raises:
        VersionsDiffer: it is no version that PyPI, npm and Helm all take.
    """
    if not _VERSION.fullmatch(version):
        raise VersionsDiffer(f"{version!r} is no version such as 1.2.3 or 1.2.3rc1")
    for path, patterns in PLACES.items():
        text = (root / path).read_text()
        for pattern in patterns:
            text = re.sub(
                pattern, lambda at: at[0].replace(at[1], version), text, flags=re.MULTILINE
            )
        (root / path).write_text(text)


def main() -> int:
    """Returns the exit code: 1 where files differ."""
    try:
        if len(sys.argv) > 1:
            write(sys.argv[1])
        sys.stdout.write(f"{the_version()}\n")
    except VersionsDiffer as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
