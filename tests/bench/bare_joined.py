"""The bare program that joins a fetch's records once, and writes once to each client.

This is the limit of what one core can deliver of a backlog.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from tests.bench.bare import Room, frame, main


async def deliver(room: Room, values: Sequence[bytes]) -> None:
    """Write all records of the fetch to each client in one piece."""
    if room.filters:
        _deliver_filtered(room, values)
        return
    joined = b"".join(map(frame, values))
    for transport in room.everything:
        transport.write(joined)


def _deliver_filtered(room: Room, values: Sequence[bytes]) -> None:
    pieces: defaultdict[asyncio.Transport, list[bytes]] = defaultdict(list)
    for value in values:
        framed = frame(value)
        for transport in room.audience(value):
            pieces[transport].append(framed)
    for transport, frames in pieces.items():
        transport.write(b"".join(frames))


if __name__ == "__main__":
    main(deliver)
