"""What the doctor makes of a machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unionflow_cli.doctor.checkup import Facts, Finding, PortFact, State, examine, is_well
from unionflow_cli.doctor.tiers import NODE_PACKAGES, Found, wanted_names
from unionflow_cli.kafka.core.tools import Tools

TIERS = Found({name: Path("/usr/bin") / name for name in wanted_names()}, (20, 19, 0), helm=True)
MACHINE = Facts(
    system="Linux",
    python=(3, 11, 7),
    tools=Tools(Path("/usr/bin/java"), 17, Path("/usr/bin/mvn")),
    jars_are_here=True,
    compiler=Path("/usr/bin/cc"),
    postgres=Path("/usr/bin/postgres"),
    go=(1, 24),
    assets=None,
    tiers=TIERS,
    cache=Path("/cache"),
    free_bytes=50_000_000_000,
    ports=(PortFact(9092, "Kafka", "--kafka-port", None),),
    is_root=True,
)
NO_JAVA = replace(MACHINE.tools, java=None, java_version=None)


def without(*names: str) -> Facts:
    """The machine that has everything but these programs."""
    left = {name: path for name, path in TIERS.programs.items() if name not in names}
    return replace(MACHINE, tiers=replace(TIERS, programs=left))


def of(findings: tuple[Finding, ...], what: str) -> Finding:
    return next(finding for finding in findings if what in finding.what)


def test_a_machine_that_has_everything_is_well_and_needs_no_mending() -> None:
    findings = examine(MACHINE)
    assert {finding.state for finding in findings} == {State.OK}
    assert not any(finding.mend for finding in findings)
    assert is_well(findings)


@pytest.mark.parametrize(
    ("facts", "what", "mend"),
    [
        (replace(MACHINE, system="Darwin"), "system", "Linux"),
        (replace(MACHINE, python=(3, 10, 9)), "Python", "-y python3-venv"),
        (replace(MACHINE, free_bytes=999_999_999), "disk", "UNIONFLOW_CACHE"),
        (replace(MACHINE, tools=NO_JAVA), "Java", "-y openjdk-17-jre-headless"),
        (replace(MACHINE, tools=replace(MACHINE.tools, java_version=11)), "Java", "openjdk-17"),
        (
            replace(MACHINE, tools=replace(MACHINE.tools, maven=None), jars_are_here=False),
            "Maven",
            "-y maven",
        ),
        (replace(MACHINE, compiler=None), "C compiler", "gcc libc6-dev"),
        (replace(MACHINE, postgres=None), "PostgreSQL", "postgresql"),
        (replace(MACHINE, go=None), "Go", "make install"),
        (replace(MACHINE, go=(1, 19)), "Go", "make install"),
        (replace(MACHINE, tiers=replace(TIERS, helm=False)), "Helm", "make install"),
        (replace(MACHINE, tiers=replace(TIERS, node=None)), "Node.js", "20.19 or newer"),
        (replace(MACHINE, tiers=replace(TIERS, node=(20, 18, 3))), "Node.js", "20.19 or newer"),
        (
            without("chromium", "chromium-browser", "google-chrome"),
            "Chromium",
            "-y chromium fonts-dejavu-core",
        ),
        (without("openssl"), "OpenSSL", "-y openssl"),
        (without("curl"), "curl", "-y curl"),
        (without("nginx"), "nginx", "-y nginx-light"),
        (without("haproxy"), "HAProxy", "-y haproxy"),
        (without("promtool"), "promtool", "-y prometheus"),
        (without("faketime"), "faketime", "-y faketime"),
    ],
    ids=[
        "another system",
        "an old Python",
        "a full disk",
        "no Java",
        "an old Java",
        "no Maven and no jars",
        "no compiler",
        "no PostgreSQL",
        "no Go",
        "an old Go",
        "no Helm",
        "no Node.js",
        "an old Node.js",
        "no browser",
        "no OpenSSL",
        "no curl",
        "no nginx",
        "no HAProxy",
        "no Prometheus",
        "no faketime",
    ],
)
def test_each_lack_comes_with_what_mends_it(facts: Facts, what: str, mend: str) -> None:
    findings = examine(facts)
    assert of(findings, what).state is State.MISSING
    assert mend in of(findings, what).mend
    assert [finding for finding in findings if finding.state is State.MISSING] == [
        of(findings, what)
    ]
    assert not is_well(findings)


def test_maven_is_not_missed_once_the_jars_are_here() -> None:
    facts = replace(MACHINE, tools=replace(MACHINE.tools, maven=None))
    assert of(examine(facts), "Maven").state is State.OK


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (replace(MACHINE, jars_are_here=False), "Kafka 4"),
        (replace(MACHINE, ports=[PortFact(9092, "Kafka", "--kafka-port", "java")]), "9092"),
        (without("runc"), "node"),
        (replace(MACHINE, is_root=False), "node"),
    ],
    ids=["jars to fetch", "a port that somebody holds", "no runc", "nobody who may make a node"],
)
def test_what_stops_nothing_is_a_note_with_advice(facts: Facts, what: str) -> None:
    findings = examine(facts)
    assert of(findings, what).state is State.NOTE
    assert of(findings, what).mend
    assert is_well(findings)


def test_our_own_background_kafka_on_its_port_is_in_order() -> None:
    port = PortFact(9092, "Kafka", "--kafka-port", "java (process 7 of a)", is_ours=True)
    finding = of(examine(replace(MACHINE, ports=[port])), "9092")
    assert (finding.state, finding.found) == (State.OK, "ours: java (process 7 of a)")


@pytest.mark.parametrize(
    ("is_root", "begin"), [(True, "apt-get "), (False, "sudo apt-get ")], ids=["root", "a person"]
)
def test_only_who_is_not_root_is_told_to_use_sudo(is_root: bool, begin: str) -> None:
    facts = replace(MACHINE, is_root=is_root, compiler=None)
    assert of(examine(facts), "C compiler").mend.startswith(begin)


def test_any_chromium_will_do() -> None:
    facts = without("chromium", "google-chrome")
    assert of(examine(facts), "Chromium").found == "/usr/bin/chromium-browser"


def test_all_that_a_node_lacks_comes_with_one_command() -> None:
    finding = of(examine(without(*NODE_PACKAGES.values())), "node")
    assert finding.mend.endswith(f"-y {' '.join(NODE_PACKAGES)}")


def test_a_machine_whose_kubernetes_is_given_needs_no_go() -> None:
    findings = examine(replace(MACHINE, go=None, assets="/opt/kubernetes"))
    assert of(findings, "Go").found == "not needed: /opt/kubernetes"
    assert is_well(findings)
