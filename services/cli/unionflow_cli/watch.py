"""`unionflow watch`: events as they pass, a line each, for as long as the reader likes."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.text import Text
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from unionflow_cli import terminal
from unionflow_cli.adapters.connection import ending, open_connection
from unionflow_cli.adapters.signals import run_until_stopped
from unionflow_cli.core.endpoint import DEFAULT_URL, endpoint, with_query
from unionflow_cli.core.following import Following, LeaveIn, Say, Show
from unionflow_cli.core.reconnect import CURSOR_IN_MESSAGE, Decision, Stop
from unionflow_cli.core.trial import Dialect
from unionflow_cli.errors import HandshakeRefused, Refused, Unavailable, Unreachable
from unionflow_cli.look import event_line


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
    target = Target(endpoint(url), tuple(organization or ()), user, tuple(wanted))
    run_until_stopped(follow(target, as_json=as_json))


@dataclass(frozen=True, slots=True)
class Target:
    """What to watch, and where."""

    url: str
    organizations: Sequence[str]
    user: str | None
    event_types: Sequence[str]

    def address(self, cursor: str | None) -> str:
        """The URL of the next connection."""
        return with_query(
            self.url,
            organizations=self.organizations,
            user=self.user,
            event_types=self.event_types,
            cursor=cursor,
        )


async def follow(target: Target, *, as_json: bool) -> None:
    """Print events until the relay says goodbye.

    Raises:
        Unavailable: nobody answered the very first try.
        Refused: the relay said no in a way that another try does not mend.
    """
    following = Following()
    while True:
        decision = await _one_connection(target, following, as_json=as_json)
        if isinstance(decision, Stop):
            if decision.clean:
                _say(Say(decision.why))
                return
            raise Refused(decision.why, _advice(decision))
        again = f"again in {decision.delay:.1f} s" if decision.delay else "again at once"
        _say(Say(f"offline: {decision.why}; {again}", caution=True))
        await asyncio.sleep(decision.delay)


async def _one_connection(target: Target, following: Following, *, as_json: bool) -> Decision:
    reconnect = following.reconnect
    # Jitter spreads clients; it is no secret.
    chance = random.random()  # noqa: S311  # jitter is no secret
    try:
        async with open_connection(target.address(following.bookmark.query()), Dialect.V1) as link:
            reconnect.on_connected(time.monotonic())
            code, reason = await _until_closed(link, following, as_json=as_json)
    except HandshakeRefused as refused:
        decision = reconnect.on_refused(refused.status, refused.retry_after, chance)
        return Stop(refused.message) if isinstance(decision, Stop) else decision
    except Unreachable as problem:
        if not following.connected_before:
            advice = "start one with `unionflow dev`, or name another with --url"
            raise Unavailable(f"no relay: {problem.message}", advice) from problem
        return reconnect.on_unreachable(problem.message, chance)
    return reconnect.on_closed(code, reason, time.monotonic(), chance)


async def _until_closed(
    link: ClientConnection, following: Following, *, as_json: bool
) -> tuple[int, str]:
    if following.bookmark.query() == CURSOR_IN_MESSAGE:
        resume = {"type": "resume", "cursor": following.bookmark.text()}
        await link.send(json.dumps(resume))
    try:
        async with asyncio.timeout(None) as leave:
            while True:
                for action in following.on_frame(str(await link.recv())):
                    if isinstance(action, Show):
                        _show(action.event, as_json=as_json)
                    elif isinstance(action, Say):
                        _say(action)
                    elif isinstance(action, LeaveIn):
                        leave.reschedule(asyncio.get_running_loop().time() + action.seconds)
    except ConnectionClosed as closed:
        return ending(closed)
    except TimeoutError:
        return 1012, ""


def _show(event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        terminal.write_data(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
    else:
        terminal.line(terminal.output(), event_line(event))


def _say(message: Say) -> None:
    style = "caution" if message.caution else "quiet"
    terminal.line(terminal.messages(), Text(message.text, style=style))


def _advice(decision: Stop) -> str:
    if "token" in decision.why:
        return "this command brings no token; watch a relay that runs with UNIONFLOW_AUTH=none"
    return "another try will not help; check --url, --organization and --user"
