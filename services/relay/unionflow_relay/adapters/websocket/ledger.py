"""How many bytes wait to be read by clients, counted once however many wait for the same.

A slice's bytes are one object that every socket's queue refers to until it was sent. So this
ledger keeps the objects themselves for a moment, and asks the interpreter which of them somebody
else still holds. What the kernel has taken is the kernel's, and not counted.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence

import structlog

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.limits import Limit
from unionflow_relay.core.memory import slowest
from unionflow_relay.core.sampling import Sampler

COUNT_AT_BYTES = 8 * 1024 * 1024  # what may have been added before it is counted anew
OVERHEAD_BYTES = 64  # of an object, and of the queues' entries for it
_AIM = 0.9  # of the ceiling, so that it is not met again by the next slice
SAMPLE_SECONDS = 10.0
log = structlog.get_logger("relay")


# References to an object that only the ledger holds, while it is looked at as below.
_NOBODY = [sys.getrefcount(data) for data in [bytes(OVERHEAD_BYTES)]][0]  # noqa: RUF015  # as below


class Ledger:
    """The bytes of writes that are still held. `added`: bytes noted since they were counted."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self.added = 0

    def note(self, written: Sequence[bytes]) -> bool:
        """These were written to some clients, each noted once. True when it is time to count."""
        self._entries.extend(written)
        self.added += sum(map(len, written)) + OVERHEAD_BYTES * len(written)
        return self.added >= COUNT_AT_BYTES

    def count(self) -> int:
        """Let go of what nobody holds any more; the bytes of the rest."""
        held = [data for data in self._entries if sys.getrefcount(data) > _NOBODY]
        self._entries = held
        self.added = 0
        return sum(map(len, held)) + len(held) * OVERHEAD_BYTES


class UnsentCeiling:
    """Holds the unsent bytes of all clients under a ceiling: the slowest go first (4408).

    They are cut off and not asked to close: a close frame would wait behind what they do not read.
    """

    def __init__(self, ceiling: int, peers: Iterable[Peer], metrics: RelayMetrics) -> None:
        self._ceiling = ceiling
        self._peers = peers
        self._metrics = metrics
        self._ledger = Ledger()
        self._called = False
        self._held = 0
        self._cut = 0
        self._samples = Sampler(SAMPLE_SECONDS)

    def crowded(self) -> bool:
        """Whether so much is unsent that whoever can wait should: half of the ceiling."""
        half = self._ceiling // 2
        if self._held + self._ledger.added > half:
            self._held = self._ledger.count()
        return self._held > half

    def note_all(self, written: Sequence[bytes]) -> None:
        """Each of these, once each, was written to some clients."""
        if self._ledger.note(written) and not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self.check)  # what can be sent is sent before

    def check(self) -> None:
        """Count, and cut the slowest off where it is too much. To be called every second too."""
        self._called = False
        unsent = self._held = self._ledger.count()
        self._metrics.unsent_bytes.set(unsent)
        if unsent <= self._ceiling:
            return
        sizes = ((peer.transport.get_write_buffer_size(), peer) for peer in self._peers)
        cut = slowest(sizes, unsent - int(self._ceiling * _AIM))
        for peer in cut:
            peer.close(4408, "too slow: this relay has no memory left for what it did not read")
            peer.transport.abort()
        self._metrics.limited.labels(Limit.MEMORY.value).inc(len(cut))
        self._cut += len(cut)
        if self._samples.take("memory", time.monotonic()) is not None:
            log.warning(
                "memory ceiling met", unsent=unsent, ceiling=self._ceiling, cut_so_far=self._cut
            )
