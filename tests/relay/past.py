"""What the tests of resuming share: records of the past, and where a client was before them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.relay.clients import client, relayed
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, Lies, Topics, body


def events(organization: str, *numbers: int, kind: str = "MEMBER_CREATED") -> list[bytes]:
    return [body(f"{organization}{n}", organization, kind) for n in numbers]


async def cursor_of_a_first_visit(pod: RunningRelay, organization: str) -> str:
    async with client(pod, organization=organization) as one:
        return str(one.welcome["cursor"])


async def written(
    pod: RunningRelay,
    topics: Topics,
    values: Sequence[bytes],
    name: str = MEMBERS,
    *,
    partition: int,
) -> list[Lies]:
    """Written, and passed by the pod."""
    lies = await asyncio.to_thread(topics.write, name, values, partition=partition)
    await relayed(pod, topics, lies)
    return lies
