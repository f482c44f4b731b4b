"""`unionflow dev --check`: events of every type, clients of every kind, a verdict per promise."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.adapters.backend_process import API_PATH
from unionflow_cli.adapters.listener import Listener
from unionflow_cli.core.endpoint import with_query
from unionflow_cli.core.promises import Verdict, is_complete, judge
from unionflow_cli.core.testimony import PINGS, Frame, Testimony, sort_frames
from unionflow_cli.core.trial import Dialect, Published, ToPublish, Trial, Witness, make_trial
from unionflow_cli.core.visit import judge_visit
from unionflow_cli.dev.page import visit
from unionflow_cli.dev.scenarios import play, watched
from unionflow_cli.dev.steps import Steps
from unionflow_cli.errors import Refused, Unavailable
from unionflow_cli.exits import ExitCode
from unionflow_events import (
    EventPublisher,
    EventsError,
    KafkaConnection,
    PublishRejected,
    TopicNames,
)

CONNECT_SECONDS = 10.0
DELIVER_SECONDS = 10.0
PONG_SECONDS = 5.0
POLL_SECONDS = 0.02
SOURCE = "unionflow-check"


@dataclass(slots=True)
class Client:
    """A witness with its connection and everything that it heard."""

    witness: Witness
    listener: Listener
    frames: list[Frame] = field(default_factory=list)

    def testimony(self) -> Testimony:
        """What it heard until now."""
        return sort_frames(self.witness, self.frames)


@dataclass(frozen=True, slots=True)
class Installation:
    """What is checked.

    own: nobody else uses it, so that a broadcast to everyone may be sent. api_url: of its business
    services, with the demonstration's societies; None where only events are checked.
    """

    url: str
    kafka: KafkaConnection
    topics: TopicNames
    own: bool
    api_url: str | None = None


async def check(installation: Installation, steps: Steps) -> list[Verdict]:
    """Run the trial; where there are business services, both scenarios and their page too.

    Raises:
        Unavailable: Kafka, the relay or the business services are not there at all.
        Refused: Kafka takes no event.
    """
    if installation.api_url is None:
        return await _try(installation, steps)
    where = installation.url, installation.kafka, installation.topics
    async with watched(*where) as sightings:
        verdicts = await _try(installation, steps)
        verdicts += await play(installation.api_url, sightings, steps)
    with steps.step("page", "loading") as step:
        seen = await visit(installation.api_url.removesuffix(API_PATH) + "/")
        step.result = f"{len(seen.parts) + 1} files" if seen.is_built else "not built"
    return [*verdicts, judge_visit(seen)]


async def _try(installation: Installation, steps: Steps) -> list[Verdict]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    trial = make_trial(secrets.token_hex(3), now, broadcast_to_everyone=installation.own)
    clients = [_client(installation.url, witness) for witness in trial.witnesses]
    tasks = [asyncio.ensure_future(client.listener.run()) for client in clients]
    try:
        return await _run(installation, trial, clients, steps)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def report(verdicts: Sequence[Verdict], *, as_json: bool) -> ExitCode:
    """Print a line per promise, and give the exit code that says whether all are kept."""
    kept = all(verdict.kept for verdict in verdicts)
    if as_json:
        promises = [{"promise": v.promise, "kept": v.kept, "detail": v.detail} for v in verdicts]
        terminal.write_data(json.dumps({"kept": kept, "promises": promises}))
        return ExitCode.OK if kept else ExitCode.PROMISE_BROKEN
    console = terminal.output()
    for verdict in verdicts:
        mark = ("  ✓ ", "good") if verdict.kept else ("  ✗ ", "wrong")
        detail = (verdict.detail, "quiet" if verdict.kept else "wrong")
        terminal.line(console, Text.assemble(mark, f"{verdict.promise:<42} ", detail))
    broken = sum(not verdict.kept for verdict in verdicts)
    says = "every promise is kept" if kept else f"{broken} of {len(verdicts)} promises are broken"
    terminal.line(console, Text(f"\n  {says}", style="good" if kept else "wrong"))
    return ExitCode.OK if kept else ExitCode.PROMISE_BROKEN


async def _run(
    installation: Installation, trial: Trial, clients: Sequence[Client], steps: Steps
) -> list[Verdict]:
    with steps.step("clients", "connecting") as step:
        await _connect(clients)
        step.result = f"{len(clients)} in both dialects"
    with steps.step("events", "publishing") as step:
        published = await _publish(installation, trial.events)
        await _wait(DELIVER_SECONDS, lambda: all(_complete(published, c) for c in clients))
        step.result = f"{len(published)} published"
    with steps.step("pings", "waiting for the answers and a heartbeat") as step:
        await _ping(clients)
        step.result = "asked in every form"
        await _wait(_heartbeat_deadline(clients), lambda: all(_heard(c) for c in clients))
    return judge(published, [client.testimony() for client in clients])


def _client(url: str, witness: Witness) -> Client:
    organizations = [witness.organization] if witness.organization else []
    address = with_query(url, organizations=organizations, user=witness.user)
    frames: list[Frame] = []
    return Client(witness, Listener(address, witness.dialect, frames.append), frames)


async def _connect(clients: Sequence[Client]) -> None:
    listeners = [client.listener for client in clients]
    await _wait(
        CONNECT_SECONDS,
        lambda: all(one.opened.is_set() for one in listeners) or any(one.lost for one in listeners),
    )
    if not all(one.opened.is_set() for one in listeners):
        lost = next((one.lost for one in listeners if one.lost), "no welcome came in time")
        raise Unavailable(f"a client cannot connect: {lost}", "is the relay running?")


async def _publish(installation: Installation, events: Sequence[ToPublish]) -> list[Published]:
    kafka, topics = installation.kafka, installation.topics
    try:
        async with EventPublisher(kafka, topics=topics, source=SOURCE) as publisher:
            return [await _publish_one(publisher, event) for event in events]
    except PublishRejected as problem:
        raise Refused(f"Kafka refused an event: {problem}") from problem
    except EventsError as problem:
        raise Unavailable(f"Kafka at {kafka.bootstrap_servers}: {problem}") from problem


async def _publish_one(publisher: EventPublisher, event: ToPublish) -> Published:
    called_at = time.monotonic()
    done = await publisher.publish(
        event.event_type,
        event.data,
        organization_id=event.organization_id,
        user_id=event.user_id,
    )
    return Published(
        done.id,
        event.event_type,
        event.organization_id,
        event.user_id,
        done.topic,
        done.partition,
        done.offset,
        called_at,
    )


async def _ping(clients: Sequence[Client]) -> None:
    """Ask every client's relay for an answer.

    An answer comes after all that was written before it. So once every event has reached the
    clients of everything, whatever went astray has been received as well when the answers are
    here: no sleep is needed to know that nothing more comes.
    """
    for client in clients:
        for text in PINGS[client.witness.dialect].values():
            await client.listener.say(text)
    await _wait(PONG_SECONDS, lambda: all(_answered(client) for client in clients))


def _complete(published: Sequence[Published], client: Client) -> bool:
    return is_complete(published, client.testimony())


def _answered(client: Client) -> bool:
    testimony = client.testimony()
    return set(testimony.pings) <= testimony.pongs


def _heard(client: Client) -> bool:
    return client.witness.dialect is Dialect.PLAIN or bool(client.testimony().heartbeat_cursors)


def _heartbeat_deadline(clients: Sequence[Client]) -> float:
    return 1.5 * max(client.testimony().heartbeat_seconds for client in clients)


async def _wait(seconds: float, happened: Callable[[], bool]) -> None:
    """Wait until it happened, or until the time is over: the verdicts say what is missing."""
    deadline = time.monotonic() + seconds
    # An event per frame would sort every client's frames anew with each one: n squared.
    while not happened() and time.monotonic() < deadline:  # noqa: ASYNC110  # see above
        await asyncio.sleep(POLL_SECONDS)
