"""A run: some adapters side by side, each with one case at a time, until all are played."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from unionflow_cli.conformance.adapters.pilot import Pilot, piloted
from unionflow_cli.conformance.adapters.server import Hall, listening
from unionflow_cli.conformance.clocks import Clock, ScaledClock, VirtualClock
from unionflow_cli.conformance.core.cases import Case
from unionflow_cli.conformance.core.levels import Level, Time
from unionflow_cli.conformance.core.report import Outcome
from unionflow_cli.conformance.play import Play

SLOWNESS: Final = (1, 4, 12)  # of each try, where time is scaled


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    scale: of scaled time. patience: real seconds for what is to come. jobs: adapters at once.
    """

    command: Sequence[str]
    level: Level
    time: Time
    scale: float
    patience: float
    jobs: int


async def run(plan: Plan, cases: Sequence[Case], on_outcome: Callable[[Outcome], None]) -> None:
    """Play all of these to adapters of the plan's command.

    Raises:
        CliError: an adapter could not be started, has ended, or printed what is no JSON.
    """
    left = iter(cases)
    numbers = count(1)
    async with listening() as hall, asyncio.TaskGroup() as group:
        for _ in range(min(plan.jobs, len(cases))):
            group.create_task(_job(plan, hall, left, numbers, on_outcome))


async def _job(
    plan: Plan,
    hall: Hall,
    left: Iterator[Case],
    numbers: Iterator[int],
    on_outcome: Callable[[Outcome], None],
) -> None:
    async with piloted(plan.command) as pilot:
        for case in left:
            on_outcome(Outcome(case, await _outcome(plan, hall, pilot, case, numbers)))


async def _outcome(
    plan: Plan, hall: Hall, pilot: Pilot, case: Case, numbers: Iterator[int]
) -> str | None:
    """What went wrong. A busy machine can make a client look bad once, but hardly thrice."""
    problem = None
    for slowness in SLOWNESS:
        clock = _clock(plan, pilot, slowness)
        play = Play(case, next(numbers), plan.level, hall, pilot, clock)
        problem = await play.run(plan.patience)
        if problem is None:
            break
    return problem


def _clock(plan: Plan, pilot: Pilot, slowness: float) -> Clock:
    if plan.time is Time.SCALED:
        return ScaledClock(max(1.0, plan.scale / slowness))
    return VirtualClock(pilot, plan.patience)
