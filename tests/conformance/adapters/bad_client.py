"""unionflow_client, spoiled in one place: `-m tests.conformance.adapters.bad_client FAULT`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from tests.conformance.adapters.python_client import HeldLoop, main
from unionflow_client.core import frames
from unionflow_client.core.backoff import Backoff
from unionflow_client.core.closing import Ending
from unionflow_client.core.intake import Intake
from unionflow_client.core.session import Session
from unionflow_client.core.status import Reason


def _drop() -> None:
    """Every second event is lost."""
    on_event, count = Intake.on_event, iter(range(1_000_000))

    def on_some(intake: Intake, frame: Any, id: str | None) -> bool:
        return next(count) % 2 == 0 and on_event(intake, frame, id)

    Intake.on_event = on_some  # type: ignore[method-assign, assignment]  # the fault is put in its place


def _hurry() -> None:
    """What a relay says of when to come back is not heard."""
    frames.after_ms = lambda _frame: 0.0  # type: ignore[assignment]  # the fault


def _storm() -> None:
    """A refused token is brought again at once."""
    wait = Session._wait

    def at_once(session: Session, now: float, ending: Ending) -> None:
        wait(session, now, ending)
        if ending.reason is Reason.TOKEN:
            session._wait_until = now

    Session._wait = at_once  # type: ignore[method-assign, assignment]  # the fault is put in its place


def _keep() -> None:
    """A cursor that the relay could not read is sent again."""
    Intake.drop_cursor = lambda _intake: None  # type: ignore[method-assign, assignment]  # the fault


def _impatient() -> None:
    """Waits do not grow."""
    Backoff.failed = lambda _backoff: None  # type: ignore[method-assign, assignment]  # the fault


FAULTS: dict[str, Callable[[], None]] = {
    "drop": _drop,
    "hurry": _hurry,
    "storm": _storm,
    "keep": _keep,
    "impatient": _impatient,
}


if __name__ == "__main__":
    FAULTS[sys.argv[1]]()
    with asyncio.Runner(loop_factory=HeldLoop) as runner:
        runner.run(main())
