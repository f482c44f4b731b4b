"""One value told to many readers, none of whom can hold up the teller or another reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")
BEHIND = 100  # values that one reader may be behind; then the oldest is dropped


class Broadcast(Generic[T]):
    """A stream of a value that changes; each reader begins with the newest."""

    def __init__(self, value: T) -> None:
        self.value = value
        self._readers: set[asyncio.Queue[T | None]] = set()

    def tell(self, value: T) -> None:
        """There is a newer one."""
        self.value = value
        for reader in self._readers:
            _put(reader, value)

    def end(self) -> None:
        """Every reader ends after what it was told."""
        for reader in self._readers:
            _put(reader, None)

    async def read(self) -> AsyncIterator[T]:
        """The newest value now, and each that follows."""
        reader: asyncio.Queue[T | None] = asyncio.Queue(BEHIND)
        reader.put_nowait(self.value)
        self._readers.add(reader)
        try:
            while (value := await reader.get()) is not None:
                yield value
        finally:
            self._readers.discard(reader)


def _put(reader: asyncio.Queue[T | None], value: T | None) -> None:
    if reader.full():
        reader.get_nowait()
    reader.put_nowait(value)
