"""One ceiling for everything that grows with the clients: who may have how much of it.

The container's limit is shared out once, at the start. What the program itself takes and what the
kernel keeps for sockets comes first; the rest is history, what replays read, and unsent bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

M = TypeVar("M", bound=Hashable)

MIB = 1024 * 1024
PROGRAM_BYTES = 96 * MIB  # measured: 70 MiB at rest, and fetches, decoded, of live and replays
HEADROOM = 0.15  # of the limit: what an allocator cannot give back, and what estimates miss
CONNECTION_BYTES = 16 * 1024  # measured: 4 KB in the process; the kernel's socket is the rest
CONNECTIONS_SHARE = 0.25
LEAST_BUFFER_BYTES = 4 * MIB
LEAST_REPLAY_BYTES = 2 * MIB
MOST_REPLAY_BYTES = 64 * MIB
REPLAY_SHARE = 0.125  # of what is there for history, replays and unsent bytes
MOST_CONNECTIONS = 100_000
LEAST_HALF_OPEN = 1_024  # a storm of reconnects has so many at once
RESERVED_FILES = 256  # Kafka, management, logs, probes


@dataclass(frozen=True, slots=True)
class Shares:
    """Bytes for history and for unsent bytes of all clients; how many clients there may be.

    replay_bytes: for what replays have read from Kafka. half_open: how many more may be connected
    without having said what they want.
    """

    history_bytes: int
    replay_bytes: int
    unsent_bytes: int
    connections: int
    half_open: int


def share_out(
    limit: int, wanted_history: int, files: int, wanted_connections: int | None = None
) -> Shares:
    """Share a limit out. limit: bytes for the process. files: descriptors that it may open.

    wanted_connections: the operator's own number, which is taken as it is.

    History gets what was asked for, but at most half of what is there. Where even the
    program has hardly room, unsent bytes keep LEAST_BUFFER_BYTES and replays LEAST_REPLAY_BYTES,
    and nothing else is promised.
    """
    by_memory = int(limit * CONNECTIONS_SHARE) // CONNECTION_BYTES
    half_open_files = max(1, files - RESERVED_FILES) // 3
    connections = wanted_connections or max(
        1, min(by_memory, half_open_files * 2, MOST_CONNECTIONS)
    )
    half_open = min(max(LEAST_HALF_OPEN, connections // 2), max(1, half_open_files))
    fixed = PROGRAM_BYTES + int(limit * HEADROOM) + connections * CONNECTION_BYTES
    there = max(0, limit - fixed)
    history = min(wanted_history, there // 2)
    replay = min(max(LEAST_REPLAY_BYTES, int(there * REPLAY_SHARE)), MOST_REPLAY_BYTES)
    unsent = max(LEAST_BUFFER_BYTES, there - history - replay)
    return Shares(history, replay, unsent, connections, half_open)


def slowest(unsent: Iterable[tuple[int, M]], excess: int) -> Sequence[M]:
    """Those with the most unsent bytes, as few as free `excess` bytes between them.

    What they share with others is freed only when those have read it too: whoever asks looks again.
    """
    freed = 0
    chosen: list[M] = []
    for size, member in sorted(unsent, key=lambda one: one[0], reverse=True):
        if freed >= excess or not size:
            break
        freed += size
        chosen.append(member)
    return chosen
