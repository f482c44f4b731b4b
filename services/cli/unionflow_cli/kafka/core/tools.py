"""Which tools Kafka needs on a machine, and the command that brings those that are missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

JAVA_VERSION = 17  # the oldest that Kafka 4's broker runs on

PACKAGES = {"Java 17 or newer": "openjdk-17-jre-headless", "Maven": "maven"}
JAVA, MAVEN = PACKAGES


@dataclass(frozen=True, slots=True)
class Tools:
    """What a machine has: paths, or None. `java_version` is the major one, None if unknown."""

    java: Path | None
    java_version: int | None
    maven: Path | None

    @property
    def java_is_good(self) -> bool:
        """Whether there is a Java that runs Kafka."""
        return self.java is not None and (self.java_version or 0) >= JAVA_VERSION


def missing(tools: Tools, *, jars_are_here: bool) -> tuple[str, ...]:
    """What has to be installed before a broker can start: Maven only while jars are to fetch."""
    found = {JAVA: tools.java_is_good, MAVEN: jars_are_here or tools.maven is not None}
    return tuple(name for name, is_here in found.items() if not is_here)


def install_command(packages: Sequence[str], *, is_root: bool) -> str:
    """The one command for Debian and its kin that installs these packages."""
    sudo = "" if is_root else "sudo "
    return f"{sudo}apt-get install --no-install-recommends -y {' '.join(packages)}"


def parse_java_version(output: str) -> int | None:
    """The major version in what `java -version` prints: 17 in `openjdk version "17.0.15"`.

    Java 8 calls itself 1.8, which counts as 8.
    """
    match = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(match[1]) if match else None
