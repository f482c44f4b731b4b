"""`unionflow kafka start|stop|status` and `unionflow topics apply`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.exits import ExitCode
from unionflow_cli.kafka.adapters import service
from unionflow_cli.kafka.adapters.admin import apply_topics
from unionflow_cli.kafka.adapters.jars import Progress
from unionflow_cli.kafka.adapters.service import DEFAULT_PORT, Service
from unionflow_cli.kafka.core.topics import AddPartitions, CreateTopic, TopicChange
from unionflow_events import KafkaConnection, TopicNames

kafka_app = typer.Typer(
    help="A real Apache Kafka in the background of this machine.", no_args_is_help=True
)
topics_app = typer.Typer(help="The topics of the catalogue.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@topics_app.callback()
def _topics() -> None:
    """A group with one command is a group all the same: `unionflow topics apply`."""


@kafka_app.command()
def start(
    port: Annotated[
        int | None,
        typer.Option(
            help="The port on 127.0.0.1.", min=1024, max=65535, show_default=str(DEFAULT_PORT)
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start Kafka, or say where it runs. It stays until `unionflow kafka stop`.

    Its data stay when it is stopped, and the next start goes on with them.
    """
    with _progress() as progress:
        running, is_new = service.start_service(port, progress)
    verb = "started" if is_new else "runs already"
    _print_service(running, f"Kafka {verb} on {running.bootstrap_servers}", as_json=as_json)


@kafka_app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the Kafka that `unionflow kafka start` started, and no other."""
    with _progress() as progress:
        progress("stopping Kafka")
        pid = service.stop_service()
    if as_json:
        terminal.write_data(json.dumps({"stopped": pid is not None, "pid": pid}))
    else:
        said = "Kafka was not running" if pid is None else f"Kafka stopped (process {pid})"
        terminal.line(terminal.output(), said)


@kafka_app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether the background Kafka runs: exit code 0 if it answers, else 3."""
    running = service.find_service()
    if running is None:
        said = "Kafka is not running"
    elif running.answers:
        said = f"Kafka runs on {running.bootstrap_servers}"
    else:
        said = f"Kafka runs, but does not answer on {running.bootstrap_servers}"
    _print_service(running, said, as_json=as_json)
    if running is None or not running.answers:
        raise typer.Exit(ExitCode.UNAVAILABLE)


@topics_app.command()
def apply(
    bootstrap_servers: Annotated[
        str | None, typer.Option(help="Kafka; default KAFKA_BOOTSTRAP_SERVERS.")
    ] = None,
    partitions: Annotated[int, typer.Option(help="Of each topic, at least.", min=1)] = 6,
    replication_factor: Annotated[int, typer.Option(help="Of topics that are made.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Make the catalogue's topics that are missing, and grow those that are too small.

    Nothing is ever deleted or shrunk, and nothing is written where nothing is to change. The
    KAFKA_* variables say how to reach Kafka; UNIONFLOW_TOPIC_PREFIX and UNIONFLOW_TOPICS say what
    the topics are called there.
    """
    connection = KafkaConnection.from_environment(os.environ)
    if bootstrap_servers:
        connection = replace(connection, bootstrap_servers=bootstrap_servers)
    names = TopicNames.from_entries(
        os.environ.get("UNIONFLOW_TOPICS", "").split(","),
        prefix=os.environ.get("UNIONFLOW_TOPIC_PREFIX", ""),
    )
    with _progress() as progress:
        progress(f"asking Kafka at {connection.bootstrap_servers}")
        changes = apply_topics(
            connection.bootstrap_servers,
            names.real,
            partitions,
            replication_factor,
            options=connection.librdkafka_options(),
        )
    _print_changes(changes, names, as_json=as_json)


def _print_service(running: Service | None, said: str, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "running": running is not None,
            "answers": running is not None and running.answers,
            "pid": running.pid if running else None,
            "bootstrapServers": running.bootstrap_servers if running else None,
            "folder": str(service.service_folder()),
            "log": str(service.service_log()),
        }
        terminal.write_data(json.dumps(fields))
        return
    pid = f" (process {running.pid})" if running else ""
    good = running is not None and running.answers
    terminal.line(terminal.output(), Text.assemble((said, "good" if good else "caution"), pid))
    if service.service_log().exists():
        terminal.line(terminal.output(), Text(f"  log: {service.service_log()}", style="quiet"))


def _print_changes(changes: list[TopicChange], names: TopicNames, *, as_json: bool) -> None:
    if as_json:
        fields = {"topics": list(names.real), "changes": [_fields(change) for change in changes]}
        terminal.write_data(json.dumps(fields))
        return
    for change in changes:
        terminal.line(terminal.output(), str(change))
    if not changes:
        count = len(names.real)
        terminal.line(terminal.output(), f"nothing to change: {count} topics are as they should be")


def _fields(change: TopicChange) -> dict[str, str | int]:
    match change:
        case CreateTopic(topic):
            return {"change": "create", "topic": topic.name, "partitions": topic.partitions}
        case AddPartitions(name, before, after):
            return {
                "change": "grow",
                "topic": name,
                "partitionsBefore": before,
                "partitions": after,
            }


@contextmanager
def _progress() -> Iterator[Progress]:
    """What is being done: one line that moves at a terminal, lines on stderr elsewhere."""
    console = terminal.messages()
    if not terminal.is_terminal(console):
        yield lambda step: terminal.line(console, step)
        return
    with console.status("") as spinner:
        yield spinner.update
