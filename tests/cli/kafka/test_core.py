"""What is decided about a local Kafka, without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_cli.kafka.core.identity import start_ticks
from unionflow_cli.kafka.core.logs import last_lines
from unionflow_cli.kafka.core.maven import KAFKA_VERSION, pom
from unionflow_cli.kafka.core.properties import Node, render, server_properties
from unionflow_cli.kafka.core.tools import (
    JAVA,
    MAVEN,
    Tools,
    install_command,
    missing,
    parse_java_version,
)

JAVA_17 = Tools(Path("/usr/bin/java"), 17, Path("/usr/bin/mvn"))


def nodes(count: int) -> list[Node]:
    return [
        Node(number, Path(f"/k/{number}"), 20000 + number, 21000 + number, 22000 + number)
        for number in range(1, count + 1)
    ]


def test_a_broker_alone_keeps_one_copy_of_everything() -> None:
    (node,) = nodes(1)
    properties = server_properties(node, [node], {})
    factors = {value for name, value in properties.items() if name.endswith("replication.factor")}
    assert factors == {"1"}
    assert properties["min.insync.replicas"] == "1"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:22001"


def test_three_brokers_keep_three_copies_and_go_on_with_two() -> None:
    quorum = nodes(3)
    properties = server_properties(quorum[1], quorum, {})
    assert properties["default.replication.factor"] == "3"
    assert properties["min.insync.replicas"] == "2"
    assert properties["controller.quorum.voters"].count("@") == 3
    assert "CLIENT://127.0.0.1:20002" in properties["listeners"]


def test_a_controller_is_not_advertised_to_clients() -> None:
    (node,) = nodes(1)
    advertised = server_properties(node, [node], {})["advertised.listeners"]
    assert advertised == "CLIENT://127.0.0.1:20001,INTERNAL://127.0.0.1:21001"


def test_what_the_caller_sets_wins() -> None:
    (node,) = nodes(1)
    assert server_properties(node, [node], {"log.dirs": "/x"})["log.dirs"] == "/x"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain/1.2", "plain/1.2"),
        ("a b=c:d", "a\\ b\\=c\\:d"),
        ("back\\slash", "back\\\\slash"),
        ("two\nlines", "two\\u000alines"),
        ("épée", "\\u00e9p\\u00e9e"),
        ("\U0001f600", "\\ud83d\\ude00"),
        ("", ""),
    ],
)
def test_a_properties_file_says_what_java_reads_back(value: str, written: str) -> None:
    assert render({"key": value}) == f"key={written}\n"


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_a_properties_file_is_ascii_with_one_line_for_each_entry(
    properties: dict[str, str],
) -> None:
    text = render(properties)
    assert text.isascii()
    assert len(text.splitlines()) == len(properties)


def test_a_process_name_with_parentheses_does_not_shift_its_fields() -> None:
    rest = " ".join(str(number) for number in range(3, 53))
    assert start_ticks(f"1234 (a) (b c) {rest}") == 22


def test_the_last_lines_of_a_log_leave_out_stack_frames_and_blanks() -> None:
    log = "first\n\njava.lang.Error: why\n\tat a.b(C.java:1)\n\t... 3 more\nlast\n"
    assert last_lines(log, count=2) == ("java.lang.Error: why", "last")


def test_a_line_that_comes_again_and_again_does_not_hide_the_others() -> None:
    again = [f"2026-11-24T20:56:{second:02},001 WARN  no connection" for second in range(40)]
    log = "\n".join(["2026-11-24T20:55:00,000 ERROR the cause", *again])
    assert last_lines(log) == ("2026-11-24T20:55:00,000 ERROR the cause", again[-1])


def test_an_empty_log_is_called_empty() -> None:
    assert last_lines("\n") == ("(its log is empty)",)


def test_maven_is_told_coordinates_and_no_address() -> None:
    assert KAFKA_VERSION in pom()
    assert "repositor" not in pom()
    assert "://" not in pom()


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21" 2023-09-19', 21),
        ("command not found", None),
    ],
)
def test_a_java_says_its_major_version(output: str, version: int | None) -> None:
    assert parse_java_version(output) == version


@pytest.mark.parametrize(
    ("tools", "jars_are_here", "lacking"),
    [
        (JAVA_17, False, ()),
        (Tools(JAVA_17.java, 17, None), True, ()),
        (Tools(JAVA_17.java, 17, None), False, (MAVEN,)),
        (Tools(JAVA_17.java, 11, JAVA_17.maven), True, (JAVA,)),
        (Tools(JAVA_17.java, None, JAVA_17.maven), True, (JAVA,)),
        (Tools(None, None, None), False, (JAVA, MAVEN)),
    ],
    ids=[
        "nothing is lacking where both are here",
        "Maven is not needed once the jars are here",
        "Maven is needed to fetch the jars",
        "an old Java counts as none",
        "a Java that does not run counts as none",
        "a bare machine lacks both",
    ],
)
def test_what_is_missing(tools: Tools, jars_are_here: bool, lacking: tuple[str, ...]) -> None:
    assert missing(tools, jars_are_here=jars_are_here) == lacking


def test_the_install_command_uses_sudo_only_where_it_must() -> None:
    assert install_command(["maven"], is_root=True).startswith("apt-get install ")
    assert install_command(["maven"], is_root=False).startswith("sudo apt-get install ")
