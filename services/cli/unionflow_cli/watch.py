"""`unionflow watch`: events as they pass, a line each, for as long as the reader likes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.adapters.signals import run_until_stopped
from unionflow_cli.core.endpoint import DEFAULT_URL, endpoint
from unionflow_cli.core.narrator import Narrator, Say, notice, refusal
from unionflow_cli.errors import Refused, Unavailable
from unionflow_cli.look import event_line
from unionflow_client import Client, Notice, Reason, State, Status
from unionflow_client import Refused as RefusedByRelay


def watch(
    url: Annotated[
        str, typer.Option(metavar="URL", help="The relay's WebSocket, or the API's base URL.")
    ] = DEFAULT_URL,
    organization: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this organisation's events; repeatable."),
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="This user's notifications too.")
    ] = None,
    types: Annotated[
        str | None,
        typer.Option(metavar="TYPE,...", help="Only these event types, with commas between."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: the event as Kafka has it.")
    ] = False,
) -> None:
    """Print events as they pass, one line each.

    With neither organisation nor user: everything, where the relay allows it. A connection that
    is lost is taken up again where it ended, and what could not be had is said on stderr.
    Ctrl-C stops.
    """
    wanted = [name.strip() for name in (types or "").split(",") if name.strip()]
    client = Client(
        endpoint(url), organizations=tuple(organization or ()), user=user, event_types=wanted
    )
    run_until_stopped(follow(client, as_json=as_json))


async def follow(client: Client, *, as_json: bool) -> None:
    """Print events until the relay says goodbye.

    Raises:
        Unavailable: nobody answered the very first try.
        Refused: the relay said no in a way that another try does not mend.
    """
    narrator = Narrator()

    def on_status(status: Status) -> None:
        if not _ends_here(status, narrator):
            _say(narrator.on_status(status.state, status.reason, status.detail, _wait(status)))

    client.on_status(on_status)
    client.on_notice(_say_all)
    try:
        async with client:
            await _until_first_online(client, narrator)
            async for event in client.events():
                _show(event.raw, as_json=as_json)
    except RefusedByRelay as problem:
        why = refusal(Reason(problem.reason), problem.detail)
        if problem.reason != Reason.GOODBYE:
            raise Refused(why, _advice(problem.reason)) from problem
        _say(Say(why))


def _ends_here(status: Status, narrator: Narrator) -> bool:
    """Whether the very first try says that the command was called with what cannot work."""
    if narrator.was_online:
        return False
    return status.reason in (Reason.UNREACHABLE, Reason.CURSOR) or status.state is State.REFUSED


async def _until_first_online(client: Client, narrator: Narrator) -> None:
    async for status in client.statuses():
        if status.is_connected:
            return
        if not _ends_here(status, narrator):
            continue
        if status.reason is Reason.UNREACHABLE:
            advice = "start one with `unionflow dev`, or name another with --url"
            raise Unavailable(f"no relay: {status.detail}", advice)
        raise RefusedByRelay(str(status.reason), status.detail)


def _wait(status: Status) -> float:
    """Seconds until the next try; 0 where it comes at once."""
    if status.retry_at is None:
        return 0.0
    return max(0.0, (status.retry_at - datetime.now(UTC)).total_seconds())


def _show(event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        terminal.write_data(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
    else:
        terminal.line(terminal.output(), event_line(event))


def _say(message: Say | None) -> None:
    if message is not None:
        style = "caution" if message.caution else "quiet"
        terminal.line(terminal.messages(), Text(message.text, style=style))


def _say_all(said: Notice) -> None:
    for sentence in notice(said):
        _say(sentence)


def _advice(reason: str) -> str:
    if reason == Reason.TOKEN:
        return "this command brings no token; watch a relay that runs with UNIONFLOW_AUTH=none"
    return "another try will not help; check --url, --organization and --user"
