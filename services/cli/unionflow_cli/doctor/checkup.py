"""What a machine's facts mean for whoever wants to run UnionFlow on it. It touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from unionflow_cli.doctor.tiers import NODE_JS, PROGRAMS, Found, Program
from unionflow_cli.kafka.core.maven import KAFKA_VERSION
from unionflow_cli.kafka.core.tools import JAVA, MAVEN, PACKAGES, Tools, install_command

PYTHON_VERSION = (3, 11)
GO_VERSION = (1, 24)  # the oldest that builds Kubernetes 1.34
ENOUGH_BYTES = 1_000_000_000  # jars twice (ours and Maven's own copy), two brokers' data, logs


class State(StrEnum):
    """How a finding stands. Only `MISSING` stops something of `make demo` or `make test`."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class PortFact:
    """A port that `unionflow dev` listens on unless `option` of it says otherwise.

    `holder`: who listens there now, None for nobody; `is_ours`: that is our background Kafka.
    """

    number: int
    purpose: str
    option: str
    holder: str | None
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen on a machine.

    `free_bytes` is the room that is left where `cache` lies; `go` a version, None for no Go;
    `assets` what KUBEBUILDER_ASSETS says: then nothing is built.
    """

    system: str
    python: tuple[int, ...]
    tools: Tools
    jars_are_here: bool
    compiler: Path | None
    postgres: Path | None
    go: tuple[int, ...] | None
    assets: str | None
    tiers: Found
    cache: Path
    free_bytes: int
    ports: Sequence[PortFact]
    is_root: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table. `mend` is a command, or a sentence where none would do."""

    tier: str
    what: str
    state: State
    found: str
    mend: str = ""


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order of the table."""
    return (
        _system(facts),
        _python(facts),
        _disk(facts),
        _java(facts),
        _maven(facts),
        _jars(facts),
        _compiler(facts),
        _postgres(facts),
        _go(facts),
        _helm(facts),
        _node_js(facts),
        *(_program(facts, program) for program in PROGRAMS),
        _cluster(facts),
        *(_port(port) for port in facts.ports),
    )


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing is missing."""
    return all(finding.state is not State.MISSING for finding in findings)


def _system(facts: Facts) -> Finding:
    if facts.system == "Linux":
        return Finding("all", "system", State.OK, facts.system)
    return Finding("all", "system", State.MISSING, facts.system, "use Linux, or a virtual machine")


def _python(facts: Facts) -> Finding:
    found = _dotted(facts.python)
    if facts.python >= PYTHON_VERSION:
        return Finding("all", "Python 3.11 or newer", State.OK, found)
    mend = install_command(["python3-venv"], is_root=facts.is_root)
    return Finding("all", "Python 3.11 or newer", State.MISSING, found, mend)


def _disk(facts: Facts) -> Finding:
    found = f"{facts.free_bytes / 1e9:.1f} GB free for {facts.cache}"
    if facts.free_bytes >= ENOUGH_BYTES:
        return Finding("all", "1 GB of disk", State.OK, found)
    mend = "make room there, or set UNIONFLOW_CACHE to a folder on another disk"
    return Finding("all", "1 GB of disk", State.MISSING, found, mend)


def _java(facts: Facts) -> Finding:
    tools = facts.tools
    found = "none"
    if tools.java is not None:
        found = f"Java {tools.java_version or 'of unknown version'}, {tools.java}"
    if tools.java_is_good:
        return Finding("kafka", JAVA, State.OK, found)
    mend = install_command([PACKAGES[JAVA]], is_root=facts.is_root)
    return Finding("kafka", JAVA, State.MISSING, found, mend)


def _maven(facts: Facts) -> Finding:
    if facts.tools.maven is not None:
        return Finding("kafka", MAVEN, State.OK, str(facts.tools.maven))
    if facts.jars_are_here:
        return Finding("kafka", MAVEN, State.OK, "none, and no longer needed")
    mend = install_command([PACKAGES[MAVEN]], is_root=facts.is_root)
    return Finding("kafka", MAVEN, State.MISSING, "none", mend)


def _jars(facts: Facts) -> Finding:
    what = f"Kafka {KAFKA_VERSION}"
    if facts.jars_are_here:
        return Finding("kafka", what, State.OK, "fetched")
    return Finding("kafka", what, State.NOTE, "fetched at its first start (44 MB)", "make demo")


def _postgres(facts: Facts) -> Finding:
    if facts.postgres is not None:
        return Finding("postgres", "PostgreSQL", State.OK, str(facts.postgres))
    mend = install_command(["postgresql"], is_root=facts.is_root)
    return Finding("postgres", "PostgreSQL", State.MISSING, "none", mend)


def _compiler(facts: Facts) -> Finding:
    if facts.compiler is not None:
        return Finding("bench", "C compiler", State.OK, str(facts.compiler))
    mend = install_command(["gcc", "libc6-dev"], is_root=facts.is_root)
    return Finding("bench", "C compiler", State.MISSING, "none", mend)


def _go(facts: Facts) -> Finding:
    what = f"Go {_dotted(GO_VERSION)} or newer"
    if facts.assets:
        return Finding("apiserver", what, State.OK, f"not needed: {facts.assets}")
    found = _dotted(facts.go) if facts.go else "none"
    if facts.go is not None and facts.go >= GO_VERSION:
        return Finding("apiserver", what, State.OK, found)
    return Finding("apiserver", what, State.MISSING, found, "make install")


def _helm(facts: Facts) -> Finding:
    if facts.tiers.helm:
        return Finding("helm", "Helm", State.OK, "a wheel beside this Python")
    return Finding("helm", "Helm", State.MISSING, "none", "make install")


def _node_js(facts: Facts) -> Finding:
    what = f"Node.js {_dotted(NODE_JS)} with npm"
    node = facts.tiers.node
    found = _dotted(node) if node else "none"
    if node is not None and node >= NODE_JS:
        return Finding("node", what, State.OK, found)
    mend = f"install Node.js {_dotted(NODE_JS)} or newer, from nodejs.org: Debian 12's is older"
    return Finding("node", what, State.MISSING, found, mend)


def _program(facts: Facts, program: Program) -> Finding:
    path = facts.tiers.path_of(program)
    if path is not None:
        return Finding(program.tier, program.what, State.OK, str(path))
    mend = install_command(program.packages, is_root=facts.is_root)
    return Finding(program.tier, program.what, State.MISSING, "none", mend)


def _cluster(facts: Facts) -> Finding:
    """Only `make e2e` wants a node, so that its lack is no more than a note."""
    what = "a Kubernetes node"
    lacking = facts.tiers.lacking_for_a_node()
    if lacking:
        found = f"for make e2e it lacks {', '.join(lacking)}"
        mend = install_command(lacking, is_root=facts.is_root)
        return Finding("cluster", what, State.NOTE, found, mend)
    if not facts.is_root:
        return Finding("cluster", what, State.NOTE, "for make e2e it wants root", "sudo make e2e")
    return Finding("cluster", what, State.OK, "can be made here")


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _port(port: PortFact) -> Finding:
    what = f"port {port.number}, {port.purpose}"
    if port.holder is None:
        return Finding("ports", what, State.OK, "free")
    if port.is_ours:
        return Finding("ports", what, State.OK, f"ours: {port.holder}")
    mend = f"unionflow dev {port.option} 0  (takes a free port)"
    return Finding("ports", what, State.NOTE, f"in use by {port.holder}", mend)
