"""`unionflow publish`: one event onto Kafka, as a business service would put it there."""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.adapters.environment import kafka_of_the_environment
from unionflow_cli.core.payload import parse_data
from unionflow_cli.errors import BadInput, Refused, Unavailable
from unionflow_events import (
    EventPublisher,
    EventType,
    InvalidPayload,
    KafkaConnection,
    PublishedEvent,
    PublishRejected,
    PublishTimeout,
    TopicNames,
)


def publish(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="A type of the catalogue.")],
    organization: Annotated[
        str | None, typer.Option(metavar="ID", help="Whose event it is.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="The one person it is for.")
    ] = None,
    data: Annotated[
        str, typer.Option(metavar="JSON", help="The payload: a JSON object, @FILE, or - for stdin.")
    ] = "{}",
    bootstrap_servers: Annotated[
        str | None,
        typer.Option(metavar="SERVERS", help="Kafka; default KAFKA_BOOTSTRAP_SERVERS."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Publish one event and print where Kafka put it.

    Only types of the catalogue are published, since the catalogue says which topic they go to and
    who gets them. The KAFKA_* variables say how to reach Kafka; UNIONFLOW_TOPIC_PREFIX stands
    before the topics' names.
    """
    kind = known_type(event_type)
    payload = parse_data(*_read(data))
    connection, topics = kafka_of_the_environment(bootstrap_servers)
    done = asyncio.run(_publish(connection, topics, kind, payload, organization, user))
    _print(kind, done, as_json=as_json)


def known_type(text: str) -> EventType:
    """The type of the catalogue.

    Raises:
        BadInput: it is not there; the advice names the nearest, or all.
    """
    try:
        return EventType(text.strip().upper())
    except ValueError as problem:
        names = [kind.value for kind in EventType]
        near = difflib.get_close_matches(text.upper(), names, n=1)
        advice = f"did you mean {near[0]}?" if near else f"types: {', '.join(names)}"
        raise BadInput(f"{text} is not in the catalogue, so it has no topic", advice) from problem


async def _publish(
    connection: KafkaConnection,
    topics: TopicNames,
    kind: EventType,
    payload: Mapping[str, Any],
    organization: str | None,
    user: str | None,
) -> PublishedEvent:
    servers = connection.bootstrap_servers
    try:
        async with EventPublisher(connection, topics=topics, source="unionflow-cli") as publisher:
            return await publisher.publish(
                kind, payload, organization_id=organization, user_id=user
            )
    except InvalidPayload as problem:
        raise BadInput(str(problem), _audience_advice(kind, organization, user)) from problem
    except PublishRejected as problem:
        raise Refused(f"Kafka at {servers} refused it: {problem}") from problem
    except PublishTimeout as problem:
        advice = "start one with `unionflow dev`, or name another with --bootstrap-servers"
        raise Unavailable(f"Kafka at {servers} did not take it: {problem}", advice) from problem


def _audience_advice(kind: EventType, organization: str | None, user: str | None) -> str:
    if kind is EventType.USER_NOTIFICATION and user is None:
        return "a USER_NOTIFICATION is for one person: --user ID"
    if kind is not EventType.BROADCAST_NOTIFICATION and organization is None:
        return f"{kind} is for an organisation: --organization ID"
    return ""


def _read(data: str) -> tuple[str, str]:
    """The text of --data and what to call it in errors."""
    if data == "-":
        return _decoded(sys.stdin.buffer.read(), "standard input"), "standard input"
    if not data.startswith("@"):
        return data, "--data"
    path = Path(data[1:])
    try:
        return _decoded(path.read_bytes(), str(path)), str(path)
    except OSError as problem:
        raise BadInput(f"--data {data}: {problem.strerror}", "name a file that exists") from problem


def _decoded(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadInput(f"{source} is not UTF-8, from byte {problem.start} on") from problem


def _print(kind: EventType, done: PublishedEvent, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "id": done.id,
            "eventType": kind.value,
            "topic": done.topic,
            "partition": done.partition,
            "offset": done.offset,
        }
        terminal.write_data(json.dumps(fields))
        return
    where = f"{done.topic}, partition {done.partition}, offset {done.offset}"
    terminal.line(terminal.output(), Text.assemble((done.id, "name"), "  ", where))
