"""The bare program with one write per record per client: the plain way to broadcast on uvloop.

uvloop by itself joins what one turn of its loop wrote to a client. So that each record is a system
call of its own here, as its name says, the loop turns once after each record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.bench.bare import Room, frame, main


async def deliver(room: Room, values: Sequence[bytes]) -> None:
    """Write each record to each of its clients by itself."""
    filters = room.filters
    for value in values:
        framed = frame(value)
        for transport in room.audience(value) if filters else room.everything:
            transport.write(framed)
        await asyncio.sleep(0)


if __name__ == "__main__":
    main(deliver)
