"""The command line itself: help at 80 columns, exit codes, errors in a line or two."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner, Result

from unionflow_cli import main
from unionflow_cli.exits import MEANING, ExitCode

COMMANDS = ("dev", "watch", "publish", "doctor", "kafka", "topics", "plan")


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "80", "KAFKA_BOOTSTRAP_SERVERS": ""}).invoke(
        main.app, list(arguments), input=text
    )


@pytest.mark.parametrize("arguments", [(), *((command,) for command in COMMANDS)])
def test_help_fits_80_columns(arguments: Sequence[str]) -> None:
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []


def test_help_tells_every_command_and_every_exit_code() -> None:
    text = run("--help").stdout
    assert [command for command in COMMANDS if f"  {command} " not in text] == []
    for code, meaning in MEANING.items():
        assert re.search(rf"^  {code.value} +{re.escape(meaning)}$", text, re.MULTILINE)


def test_the_module_tells_the_same_exit_codes() -> None:
    told = re.findall(r"^    (\d+) +(.*)$", main.__doc__ or "", re.MULTILINE)
    assert told == [(str(code.value), MEANING[code]) for code in ExitCode]


@pytest.mark.parametrize(
    ("arguments", "first_line"),
    [
        (("publish", "KPI_UPDATE", "--organization", "a"), "KPI_UPDATE is not in the catalogue"),
        (("publish", "KPI_UPDATED", "--organization", "a", "--data", "{"), "line 1, column 2"),
        (("publish", "KPI_UPDATED", "--organization", "a", "--data", "@none"), "No such file"),
        (("publish", "KPI_UPDATED"), "organizationId: KPI_UPDATED needs one"),
        (("publish", "USER_NOTIFICATION", "--organization", "a"), "userId"),
        (("publish", "KPI_UPDATED", "--bootstrap-servers", "nowhere"), "KAFKA_BOOTSTRAP_SERVERS"),
        (("watch", "--url", "ftp://a"), "is no http, https, ws or wss address"),
        (("dev", "--json"), "go with --check"),
        (("dev", "--check", "--bootstrap-servers", "a:1"), "go with --url"),
        (("dev", "--port", "70000"), "65535"),
        (("fly",), "fly"),
    ],
)
def test_a_wrong_use_is_exit_code_2_and_two_lines_at_most(
    arguments: Sequence[str], first_line: str
) -> None:
    result = run(*arguments)
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("Usage", "Try"))]
    assert result.exit_code == ExitCode.USAGE
    assert first_line in result.stderr
    assert len([line for line in lines if line]) <= 2
    assert result.stdout == ""


def test_a_typing_mistake_in_a_type_gets_the_nearest_name() -> None:
    result = run("publish", "kpi_updat", "--organization", "a")
    assert "did you mean KPI_UPDATED?" in result.stderr


def test_nobody_at_the_relays_address_is_exit_code_3() -> None:
    with socket.socket() as bound_but_deaf:
        bound_but_deaf.bind(("127.0.0.1", 0))
        port = bound_but_deaf.getsockname()[1]
        result = run("watch", "--url", f"127.0.0.1:{port}")
    assert result.exit_code == ExitCode.UNAVAILABLE
    assert result.stderr.splitlines() == [
        f"error: no relay: nobody listens at 127.0.0.1:{port}",
        "       start one with `unionflow dev`, or name another with --url",
    ]


def test_a_fault_of_the_command_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_url: str) -> str:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr("unionflow_cli.watch.endpoint", fail)
    result = run("watch")
    assert result.exit_code == ExitCode.INTERNAL
    assert result.stderr.splitlines() == [
        "error: a fault of this command: RuntimeError: the moon is full",
        "       please report it, with what UNIONFLOW_DEBUG=1 in the environment shows",
    ]
