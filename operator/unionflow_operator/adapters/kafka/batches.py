"""Many streams' questions in one request: Kafka answers for a thousand topics as fast as for one.

What is asked while a request is under way goes into the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Result = TypeVar("Result")

LINGER_SECONDS = 0.005
MAX_ITEMS = 500  # of one request; more wait for the next, and nothing is dropped


class Batches(Generic[Key, Item, Result]):
    """Gathers items by key, and sends them together."""

    def __init__(
        self, send: Callable[[Mapping[Key, Item]], Awaitable[Mapping[Key, Result | Exception]]]
    ) -> None:
        """send: answers for each key with a result or an error; may itself raise for all."""
        self._send = send
        self._waiting: dict[Key, tuple[Item, asyncio.Future[Result]]] = {}
        self._sender: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return self._sender is None

    async def ask(self, key: Key, item: Item) -> Result:
        """The answer for this item. One that is asked for twice is sent once.

        Raises:
            Exception: what `send` answered for the key, or raised for all.
        """
        while (waiting := self._waiting.get(key)) is not None and waiting[0] != item:
            await asyncio.wait([waiting[1]])  # one request holds one item of a key
        if waiting is None:
            future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
            # Whoever asked may be gone by then: the error is not lost on anybody.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            waiting = self._waiting[key] = (item, future)
            if self._sender is None:
                self._sender = asyncio.create_task(self._run())
        return await asyncio.shield(waiting[1])

    async def _run(self) -> None:
        try:
            await asyncio.sleep(LINGER_SECONDS)
            while self._waiting:
                taken = dict(list(self._waiting.items())[:MAX_ITEMS])
                for key in taken:
                    del self._waiting[key]
                await self._exchange(taken)
        finally:
            self._sender = None

    async def _exchange(self, taken: Mapping[Key, tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            answers = await self._send({key: item for key, (item, _) in taken.items()})
        except BaseException as error:
            told = error if isinstance(error, Exception) else asyncio.CancelledError()
            for _, future in taken.values():
                _settle(future, told)
            if not isinstance(error, Exception):
                raise
            return
        for key, (_, future) in taken.items():
            _settle(future, answers[key])


def _settle(future: asyncio.Future[Result], answer: Result | BaseException) -> None:
    if future.done():
        return
    if isinstance(answer, asyncio.CancelledError):
        future.cancel()
    elif isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
