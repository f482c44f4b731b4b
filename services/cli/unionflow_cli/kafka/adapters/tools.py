"""Looks for the tools that Kafka needs on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from unionflow_cli.kafka.core.tools import (
    PACKAGES,
    Tools,
    install_command,
    missing,
    parse_java_version,
)
from unionflow_cli.kafka.errors import ToolMissing

ANSWER_SECONDS = 20.0  # `java -version` takes 0.1 s; more than this is a broken installation


def find_tools() -> Tools:
    """What is here now. `JAVA_HOME` comes before the `PATH`, as with Kafka's own scripts."""
    java = _java()
    return Tools(java, _version(java) if java else None, _found("mvn"))


def require_java() -> Path:
    """The Java to run Kafka with. Raises ToolMissing."""
    tools = find_tools()
    if tools.java is None or not tools.java_is_good:
        raise _missing(tools, jars_are_here=True)
    return tools.java


def require_maven() -> Path:
    """The Maven to fetch Kafka with, once Java is here as well. Raises ToolMissing."""
    tools = find_tools()
    if tools.maven is None or not tools.java_is_good:
        raise _missing(tools, jars_are_here=False)
    return tools.maven


def _missing(tools: Tools, *, jars_are_here: bool) -> ToolMissing:
    names = missing(tools, jars_are_here=jars_are_here)
    packages = [PACKAGES[name] for name in names]
    return ToolMissing(names, install_command(packages, is_root=os.geteuid() == 0))


def _java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    if home and os.access(java := Path(home) / "bin" / "java", os.X_OK):
        return java
    return _found("java")


def _found(program: str) -> Path | None:
    path = shutil.which(program)
    return Path(path).absolute() if path else None


@cache  # a Java does not change while we run, and asking costs 0.1 s
def _version(java: Path) -> int | None:
    try:
        answer = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_java_version(answer.stderr + answer.stdout)
