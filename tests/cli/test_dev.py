"""One `unionflow dev` that runs, and what people do beside it: watch, publish, check, try again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import FREE_PORTS, PATIENCE_SECONDS, Running, command, finish, unionflow
from tests.house.files import ROOT
from tests.house.markdown import parse_page
from unionflow_cli.core.samples import SOCIETIES
from unionflow_cli.exits import ExitCode

pytestmark = pytest.mark.kafka


@dataclass(frozen=True, slots=True)
class Dev:
    """Where it is, as its own first lines say."""

    running: Running
    url: str
    api: str
    kafka: str
    environ: Mapping[str, str]


@pytest.fixture(scope="module")
def dev(shared_cache: Mapping[str, str]) -> Iterator[Dev]:
    with unionflow("dev", *FREE_PORTS, environ=shared_cache) as running:
        kafka = re.search(r"127\.0\.0\.1:\d+", running.wait_for_line("✓ Kafka"))
        relay = re.search(r"ws://\S+", running.wait_for_line("✓ relay").replace(",", ""))
        site = re.search(r"http://127\.0\.0\.1:\d+", running.wait_for_line("✓ backend"))
        assert kafka is not None
        assert site is not None
        assert relay is not None
        yield Dev(running, relay.group(), site.group(), kafka.group(), shared_cache)


def test_it_shows_events_of_every_society(dev: Dev) -> None:
    for society in SOCIETIES:
        dev.running.wait_for_line(f"{society.id} ")


def test_it_shows_an_approval_and_later_its_decision(dev: Dev) -> None:
    dev.running.wait_for_line("APPROVAL_PENDING")
    dev.running.wait_for(
        lambda: any(kind in dev.running.everything for kind in ("_APPROVED ", "_REJECTED ")),
        "a decision",
    )


def test_what_the_tutorial_types_requests_an_approval_and_grants_it(
    dev: Dev, tmp_path: Path
) -> None:
    page = (ROOT / "docs/tutorials/from-an-approval-to-the-screen.md").read_text()
    typed = [code for code in parse_page(page).code if code.startswith("curl ")]
    answers = []
    for command_line in [*typed, typed[-1]]:
        here = command_line.replace("http://127.0.0.1:8080", dev.api)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert [answer["status"] for answer in answers] == ["PENDING", "APPROVED", "APPROVED"]
    assert len({answer["id"] for answer in answers}) == 1
    dev.running.wait_for(
        lambda: sum("125 000 XOF" in line for line in dev.running.out) == 2,
        "the request and its approval, once each",
    )


def test_it_sums_up_connections_rate_and_latency_as_the_clients_see_them(dev: Dev) -> None:
    line = dev.running.wait_for_line("-- ")
    assert re.fullmatch(
        r"-- 5 connections, \d+\.\d events/s, request to screen p50 \S+ m?s, p99 \S+ m?s", line
    )


def test_a_second_one_is_told_that_the_first_runs(dev: Dev) -> None:
    result = finish("dev", *FREE_PORTS, environ=dev.environ)
    pid, port = dev.running.child("kafka.Kafka").pid, dev.kafka.rpartition(":")[2]
    assert result.returncode == ExitCode.IN_USE
    assert result.stderr.splitlines() == [
        f"error: `unionflow dev` already runs here: its Kafka is process {pid}, on port {port}",
        "       watch it with `unionflow watch`, or stop it with Ctrl-C in its terminal",
    ]


def test_what_is_published_is_seen_by_who_watches(dev: Dev) -> None:
    watch = ("watch", "--url", dev.url, "--organization", "a-society", "--types", "KPI_UPDATED")
    with unionflow(*watch, environ=dev.environ) as watching:
        watching.wait_for_line("online, live from now")
        for kind, organization in (
            ("KPI_UPDATED", "another-society"),
            ("ACTIVITY_CREATED", "a-society"),
            ("KPI_UPDATED", "a-society"),
        ):
            result = finish(
                *("publish", kind, "--organization", organization),
                *("--data", f'{{"name": "{kind} of {organization}", "value": 7, "unit": "%"}}'),
                *("--bootstrap-servers", dev.kafka),
                environ=dev.environ,
            )
            assert result.returncode == 0, result.stderr
        watching.wait_for_line("KPI_UPDATED of a-society 7 %")
        lines = [line for line in watching.out if "KPI" in line or "ACTIVITY" in line]
        assert len(lines) == 1
        assert re.match(r"\d\d:\d\d:\d\d  a-society +KPI_UPDATED +KPI_UPDATED of a", lines[0])
        assert watching.end(signal.SIGINT) == ExitCode.OK


def test_watch_in_json_prints_each_event_as_an_object(dev: Dev) -> None:
    with unionflow("watch", "--url", dev.url, "--json", environ=dev.environ) as watching:
        watching.wait_for(lambda: len(watching.out) >= 3, "three events")
        events = [json.loads(line) for line in watching.out[:3]]
        assert all({"id", "eventType", "timestamp", "data"} <= event.keys() for event in events)
        assert watching.end(signal.SIGTERM) == ExitCode.OK


def test_publish_prints_where_kafka_put_the_event(dev: Dev, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"title": "Bonjour"}', encoding="utf-8")
    result = finish(
        *("publish", "USER_NOTIFICATION", "--user", "awa", "--data", f"@{file}"),
        *("--bootstrap-servers", dev.kafka),
        environ=dev.environ,
    )
    assert re.fullmatch(
        r"[0-9a-f-]{36}  unionflow\.notifications\.user, partition \d, offset \d+\n", result.stdout
    )


def test_publish_in_json_prints_an_object(dev: Dev) -> None:
    result = finish(
        *("publish", "BROADCAST_NOTIFICATION", "--json", "--bootstrap-servers", dev.kafka),
        environ=dev.environ,
    )
    printed = json.loads(result.stdout)
    assert printed.keys() == {"id", "eventType", "topic", "partition", "offset"}
    assert printed["eventType"] == "BROADCAST_NOTIFICATION"


def test_watch_that_loses_its_reader_ends_quietly(dev: Dev) -> None:
    watching = subprocess.Popen(
        command("watch", "--url", dev.url),
        env=dict(dev.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    assert watching.stdout.readline()
    watching.stdout.close()
    said = watching.stderr.read()
    watching.stderr.close()
    assert watching.wait(PATIENCE_SECONDS) == ExitCode.OK
    assert said == b"online, live from now\n"
