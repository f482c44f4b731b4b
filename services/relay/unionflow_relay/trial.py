"""A client's way through a running stream, for `helm test`: `python -m unionflow_relay.trial`.

It lies in the relay's image, which has all that it needs. It writes one message to one user, itself
or whoever its token is of, so that nobody else's screen shows it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin, Subprotocol

from unionflow_events import (
    EventPublisher,
    InvalidSetting,
    KafkaConnection,
    PublishRejected,
    PublishTimeout,
    TopicNames,
)
from unionflow_relay.errors import TrialFailed

SUBPROTOCOL: Final = Subprotocol("unionflow.v1")
NOTIFICATIONS: Final = "unionflow.notifications.user"
DEFAULT_SECONDS: Final = 120.0
PAUSE_SECONDS: Final = 2.0
MAX_FRAME_BYTES: Final = 4 * 1024 * 1024
_WRONG_TOKEN: Final = 4401


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried. Each field is the variable `UNIONFLOW_TRIAL_<FIELD>`.

    url: where clients connect. pages: where the business services are; none are looked at where it
    is empty. topic: the notifications' name in Kafka; nothing is published where it is empty.
    """

    url: str
    pages: str = ""
    token: str = ""
    origin: str = ""
    topic: str = ""
    seconds: float = DEFAULT_SECONDS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Trial:
        """Raises KeyError without UNIONFLOW_TRIAL_URL."""
        return cls(
            url=environ["UNIONFLOW_TRIAL_URL"],
            pages=environ.get("UNIONFLOW_TRIAL_PAGES", ""),
            token=environ.get("UNIONFLOW_TRIAL_TOKEN", "").strip(),
            origin=environ.get("UNIONFLOW_TRIAL_ORIGIN", ""),
            topic=environ.get("UNIONFLOW_TRIAL_TOPIC", ""),
            seconds=float(environ.get("UNIONFLOW_TRIAL_SECONDS", DEFAULT_SECONDS)),
        )


def main() -> int:
    """Try it until it works or the time is over. Returns 0, or 1 with what was wrong last."""
    trial = Trial.from_environment(os.environ)
    until = time.monotonic() + trial.seconds
    while True:
        try:
            asyncio.run(_try(trial, KafkaConnection.from_environment(os.environ)))
        except (TrialFailed, InvalidSetting) as error:
            _say(str(error))
            if isinstance(error, InvalidSetting) or time.monotonic() > until:
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


async def _try(trial: Trial, kafka: KafkaConnection) -> None:
    if trial.pages:
        await _look_at_pages(trial.pages)
    if trial.topic:
        await _receive(trial, kafka)
    else:
        await _shake_hands(trial)


async def _look_at_pages(address: str) -> None:
    try:
        async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client:
            answer = await client.get("/config.json")
            found = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError) as error:
        raise TrialFailed(f"{address}/config.json: {_why(error)}") from None
    if found is None:
        raise TrialFailed(f"{address}/config.json: HTTP {answer.status_code}")
    _say(f"the business services answer; pages connect to {found.get('webSocketUrl')}")


async def _shake_hands(trial: Trial) -> None:
    """As far as one comes without a token."""
    try:
        async with asyncio.timeout(15), _client(trial, "") as client:
            await _next(client, "welcome")
    except ConnectionClosed as closed:
        if _code(closed) != _WRONG_TOKEN or trial.token:
            raise TrialFailed(f"{trial.url}: {_ending(closed)}") from None
        _say("a relay answers, and asks for a token; with tests.tokenSecret it is tried further")
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise TrialFailed(f"{trial.url}: {_why(error)}") from None
    else:
        _say("a relay welcomes a client")


async def _receive(trial: Trial, kafka: KafkaConnection) -> None:
    """Connect, have an event published for this user alone, and receive it."""
    user = "" if trial.token else f"helm-test-{uuid4().hex[:8]}"
    id_ = str(uuid4())
    try:
        async with asyncio.timeout(30), _client(trial, user) as client:
            welcome = await _next(client, "welcome")
            begun = time.monotonic()
            await _publish(trial, kafka, user or welcome["user"], id_)
            while (await _next(client, "event"))["event"]["data"].get("id") != id_:
                pass
    except ConnectionClosed as closed:
        raise TrialFailed(f"{trial.url}: {_ending(closed)}") from None
    except (PublishRejected, PublishTimeout) as error:
        raise TrialFailed(f"Kafka at {kafka.bootstrap_servers}: {error}") from None
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise TrialFailed(f"{trial.url}: {_why(error)}") from None
    milliseconds = 1_000 * (time.monotonic() - begun)
    _say(f"an event went through Kafka and a relay to a client in {milliseconds:.0f} ms")


async def _publish(trial: Trial, kafka: KafkaConnection, user: str, id_: str) -> None:
    topics = TopicNames.from_entries([f"{NOTIFICATIONS}={trial.topic}"])
    message = {"id": id_, "title": "helm test", "body": "A test of this installation."}
    async with EventPublisher(kafka, topics=topics, source="helm-test") as publisher:
        await publisher.publish_user_notification(user, message)


def _client(trial: Trial, user: str) -> connect:
    headers = {"Authorization": f"Bearer {trial.token}"} if trial.token else {}
    return connect(
        f"{trial.url}?user={user}" if user else trial.url,
        subprotocols=[SUBPROTOCOL],
        origin=Origin(trial.origin) if trial.origin else None,
        additional_headers=headers,
        compression=None,
        close_timeout=2,
        max_size=MAX_FRAME_BYTES,
        proxy=None,
    )


async def _next(client: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of a type."""
    while True:
        frame: dict[str, Any] = json.loads(await client.recv())
        if frame["type"] == kind:
            return frame


def _code(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd is not None else 1006


def _ending(closed: ConnectionClosed) -> str:
    reason = closed.rcvd.reason if closed.rcvd is not None else "no close frame"
    return f"the relay closes with {_code(closed)}: {reason}"


def _why(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        return f"HTTP {error.response.status_code} in place of a WebSocket"
    if isinstance(error, TimeoutError):
        return "nothing came in time"
    return str(error) or type(error).__name__


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
