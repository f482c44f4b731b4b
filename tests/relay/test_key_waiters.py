"""Those who wait for the issuer's keys: all are served by one fetch, and they are bounded."""

from __future__ import annotations

import asyncio

import pytest

from unionflow_relay.adapters.websocket.keys import MAX_WAITING, KeyWaiters


class Keys:
    """An issuer that answers when it is told to."""

    def __init__(self) -> None:
        self.fetches = 0
        self.answer = asyncio.Event()

    async def refresh(self) -> None:
        self.fetches += 1
        await self.answer.wait()


async def test_all_who_wait_go_on_after_one_fetch_and_in_their_order() -> None:
    keys = Keys()
    waiters = KeyWaiters(keys.refresh)
    went_on: list[int] = []
    for number in range(120):
        assert waiters.wait(lambda number=number: went_on.append(number))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    running = asyncio.create_task(waiters.run())
    await asyncio.sleep(0)
    assert (keys.fetches, went_on, len(waiters)) == (1, [], 120)
    keys.answer.set()
    done = asyncio.Event()
    assert waiters.wait(done.set)
    await done.wait()
    assert went_on == list(range(120))
    assert len(waiters) == 0
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_more_than_there_is_room_for_are_turned_away() -> None:
    waiters = KeyWaiters(Keys().refresh)
    for _ in range(MAX_WAITING):
        assert waiters.wait(lambda: None)
    assert not waiters.wait(lambda: None)
    assert len(waiters) == MAX_WAITING
