"""unionflow_client under the conformance run: `python -m tests.conformance.adapters.python_client`.

Its clock is in the server's hand: the loop's time is what the server last said.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from unionflow_client import Access, BadOption, Client, Event, MemoryStore, Notice, Range, Slow


class HeldLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers fire when the server says that it is time."""

    now = 0.0
    grain = 0.0  # what was set later is later, whatever the rounding of milliseconds

    def set(self, seconds: float) -> None:
        self.grain += 1e-7
        self.now = seconds + self.grain

    def time(self) -> float:
        return self.now


def tell(**said: Any) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")  # whole lines, also from the store's thread


class Store(MemoryStore):
    """Tells what is kept in it."""

    def save(self, cursor: str | None) -> None:
        super().save(cursor)
        tell(store=cursor)


class Program:
    """The program of one case."""

    def __init__(self, said: dict[str, Any]) -> None:
        options, dice = said["options"], iter(said["random"])
        random.random = lambda: next(dice, 0.5)  # the case's dice
        self.answers: asyncio.Queue[Any] = asyncio.Queue()
        self.reloads: asyncio.Queue[Any] = asyncio.Queue()
        self.permits = asyncio.Semaphore(0)
        self.held = options.get("program") == "held"
        self.client = Client(
            said["url"] or said["api"],
            token=self.token if options.get("tokens") else None,
            store=Store(options.get("stored")),
            reload=self.reload if options.get("reload", True) else None,
            organizations=options.get("organizations", ()),
            user=options.get("user"),
            event_types=options.get("eventTypes", ()),
            conflate=options.get("conflate", ()),
            from_earliest=options.get("from") == "earliest",
            queue=options.get("queue", 1_000),
            remember=options.get("remember", 10_000),
            reload_seconds=1e9,
        )
        self.client.on_status(lambda now: tell(status=[now.state, now.reason]))
        self.client.on_notice(self.on_notice)
        self.client.on_event(self.on_event)

    async def token(self) -> str:
        tell(ask="token")
        answer = await self.answers.get()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return str(answer["value"])

    async def reload(self, ranges: Sequence[Range]) -> None:
        tell(reload=[asdict(one) for one in ranges])
        if await self.reloads.get() is not True:
            raise RuntimeError("the reload failed")

    async def on_event(self, event: Event) -> None:
        names = {"id": event.id, "eventType": event.type, "timestamp": event.timestamp}
        whose = {"organizationId": event.organization_id, "userId": event.user_id}
        kind = {"class": type(event).__name__, "data": event.data}
        tell(event={**names, **whose, **kind})
        if self.held:
            await self.permits.acquire()

    def on_notice(self, notice: Notice) -> None:
        if isinstance(notice, Slow):
            tell(slow=notice.waiting)
        elif isinstance(notice, Access):
            tell(access=notice.frame)

    async def do(self, name: str, value: Any) -> None:
        match name:
            case "connect":
                self.client.connect()
            case "disconnect":
                running.append(asyncio.create_task(self.client.disconnect()))
            case "token":
                self.answers.put_nowait(value)
            case "reloaded":
                self.reloads.put_nowait(value)
            case "network":
                self.client.network_changed(is_up=value == "online")
            case "page":
                self.client.woke_up()
            case "take":
                for _ in range(value):
                    self.permits.release()
            case _:
                raise ValueError(f"an unknown command: {name}")


running: list[asyncio.Task[None]] = []


async def _turn() -> None:
    """Let all happen that is due, what the store's thread does included."""
    for _ in range(2):
        for _ in range(10):
            await asyncio.sleep(0)
        await asyncio.to_thread(int)


async def main() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HeldLoop)
    loop.set_default_executor(ThreadPoolExecutor(1))  # one after the other, so that `_turn` is last
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    program: Program | None = None
    while line := await lines.readline():
        said = json.loads(line)
        if said["do"] == "start":
            try:
                program = Program(said)
            except BadOption as problem:
                tell(rejected=str(problem))
        elif said["do"] == "clock":
            loop.set(said["ms"] / 1_000)
            await _turn()
            tell(clock=said["ms"])
        elif said["do"] == "stop":
            if program is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await program.client.__aexit__(RuntimeError, None, None)
            program = None
            loop.set(0.0)
            tell(stopped=True)
        elif program is not None:
            await program.do(said["do"], said.get("value"))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=HeldLoop) as runner:
        runner.run(main())
