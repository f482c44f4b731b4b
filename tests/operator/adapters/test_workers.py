"""What goes wrong with one stream is that one's, and none is ever lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Name
from unionflow_operator.errors import KubeFault, NotLeading
from unionflow_operator.reconcile.outcome import Outcome, Result
from unionflow_operator.reconcile.workers import Workers

A, B = Name("prod", "a"), Name("prod", "b")


class Looks:
    """Looks that end as they are told to, and are counted."""

    def __init__(self) -> None:
        self.of: Counter[Name] = Counter()
        self.ends: dict[Name, Exception] = {}
        self.at_once = self.most_at_once = 0

    async def look(self, name: Name) -> Outcome:
        self.of[name] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.005)
        self.at_once -= 1
        if name in self.ends:
            raise self.ends[name]
        return Outcome(Result.CONVERGED, 300)


async def after(workers: Workers, seconds: float) -> None:
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(seconds)
    running.cancel()


def made(looks: Looks, parallel: int = 4) -> Workers:
    return Workers(looks.look, OperatorMetrics(), random.Random(1), parallel)


async def test_nothing_is_looked_at_before_it_may_be() -> None:
    looks = Looks()
    workers = made(looks)
    workers.add(A)
    await after(workers, 0.05)
    assert looks.of == {}
    workers.open(may_work=True)
    await after(workers, 0.05)
    assert looks.of == {A: 1}


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a bug"), KubeFault(503, "Busy", "later"), NotLeading("not now")],
    ids=lambda error: type(error).__name__,
)
async def test_one_that_fails_is_tried_again_and_holds_up_no_other(error: Exception) -> None:
    looks = Looks()
    looks.ends[A] = error
    workers = made(looks)
    workers.open(may_work=True)
    workers.add(A)
    workers.add(B)
    await after(workers, 0.7)
    assert looks.of[A] >= 2
    assert looks.of[B] == 1


async def test_so_many_are_looked_at_at_once_and_no_more() -> None:
    looks = Looks()
    workers = made(looks, parallel=3)
    workers.open(may_work=True)
    for number in range(20):
        workers.add(Name("prod", str(number)))
    await after(workers, 0.2)
    assert (sum(looks.of.values()), looks.most_at_once) == (20, 3)


@pytest.mark.parametrize("may_work", [True, False], ids=["all hands are full", "a follower"])
async def test_what_is_due_and_may_not_be_taken_does_not_stop_the_loop(may_work: bool) -> None:
    """Once it did: the workers went round without a pause, and the watchdog ended the process."""
    looks = Looks()
    workers = made(looks, parallel=1)
    workers.open(may_work=may_work)
    now = asyncio.get_running_loop().time()
    for number in range(5):
        workers.queue.add_later(Name("prod", str(number)), now + 0.002)
    async with asyncio.timeout(5):
        await after(workers, 0.1)
    assert sum(looks.of.values()) == (5 if may_work else 0)
