"""No file may carry a package registry's address, nor a path of the machine it was written on.

A lock file with a registry's address works only where that registry is reached, and a path of a
machine only on that machine. `make check` runs this as `python -m tests.house.addresses`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.house.files import ROOT, repository_files

# Written with escaped dots, so that this file is no finding of its own.
_REGISTRIES = (
    r"pypi\.org",
    r"pypi\.python\.org",
    r"pythonhosted\.org",
    r"registry\.npmjs\.(?:org|com)",
    r"registry\.yarnpkg\.com",
    r"repo1?\.maven(?:\.apache)?\.org",
    r"maven-central\.storage",
    r"(?:proxy|sum)\.golang\.org",
    r"goproxy\.(?:io|cn)",
    r"(?:index|static)\.crates\.io",
    r"(?:deb|security|ftp|archive|snapshot)\.debian\.org",
    r"(?:archive|security)\.ubuntu\.com",
)
# A path that starts there, and not a part of a longer path or of an address.
_MACHINE_PATHS = (
    r"(?<![\w.~$}/-])/(?:root|work)/",
    r"(?<![\w.~$}/-])/(?:home|Users)/[A-Za-z_][\w.-]*/",
    r"\.\./shared/",
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REGISTRY_VARIABLES = (
    "GOPROXY",
    "NPM_CONFIG_REGISTRY",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
)
_REGISTRY_COMMANDS = (
    ("pip", "config", "get", "global.index-url"),
    ("pip", "config", "get", "global.extra-index-url"),
    ("npm", "config", "get", "registry"),
    ("go", "env", "GOPROXY"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that must go. `text` is what was found there, nothing around it."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def hosts_in(setting: str) -> set[str]:
    """The hosts of the addresses in a tool's setting, those of this machine itself left out."""
    hosts = set()
    for word in re.split(r"[\s,|]+", setting):
        host = urlsplit(word).hostname if "://" in word else None
        if host and host not in _LOOPBACK:
            hosts.add(host)
    return hosts


def hosts_of_this_machine(environ: Mapping[str, str]) -> set[str]:
    """The registries that the package clients of this machine are set to."""
    settings = [environ[name] for name in _REGISTRY_VARIABLES if name in environ]
    for command in _REGISTRY_COMMANDS:
        if shutil.which(command[0]):
            # A setting that is not set is an answer too, which pip gives with exit code 1.
            asked = subprocess.run(
                command, capture_output=True, text=True, timeout=30, check=False, cwd="/"
            )
            settings.append(asked.stdout)
    return set().union(*map(hosts_in, settings))


def forbidden(hosts: Iterable[str] = (), checkout: Path | None = None) -> re.Pattern[str]:
    """What no file may carry: the known registries, `hosts`, and paths such as `checkout`."""
    own_paths = [re.escape(str(checkout)) + r"\b"] if checkout else []
    own_hosts = [rf"(?<![\w.-]){re.escape(host)}(?![\w.-])" for host in sorted(hosts)]
    return re.compile("|".join([*_REGISTRIES, *own_hosts, *_MACHINE_PATHS, *own_paths]))


def findings_in(path: Path, text: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    """Every place of `text` that matches, line by line."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in pattern.finditer(line):
            yield Finding(path, number, match[0])


def findings() -> list[Finding]:
    """Every finding in the repository, with what this machine's own settings add."""
    pattern = forbidden(hosts_of_this_machine(os.environ), ROOT)
    found: list[Finding] = []
    for path in repository_files():
        # Latin-1 takes any byte, so that what is not text is looked into as well.
        found += findings_in(path, (ROOT / path).read_text(encoding="latin-1"), pattern)
    return found


def main() -> int:
    """Print the findings. Returns the exit code: 1 when there are any."""
    found = findings()
    for finding in found:
        print(finding)
    if found:
        print("No file may carry a package registry's address or a path of a machine.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
