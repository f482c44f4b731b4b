"""The example program of the TypeScript client, with a real relay and a real Kafka behind it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.python.crossing import Crossing
from tests.relay.live import LOOPBACK, RunningRelay
from tests.relay.past import events
from tests.relay.topics import MEMBERS, Topics
from tests.support.kafka import Kafka

PATIENCE_SECONDS = 40.0


class Watcher:
    """`examples/watch.mjs` as a process of its own."""

    def __init__(self, room: Path, folder: Path, port: int) -> None:
        self._said = folder / f"said-{time.monotonic_ns()}"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                ["node", "examples/watch.mjs", f"http://{LOOPBACK}:{port}", "lasting"],
                cwd=room,
                env={**os.environ, "CURSOR": str(folder / "cursor")},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def lines(self) -> list[str]:
        """All whole lines that it printed."""
        return self._said.read_text(encoding="utf-8").split("\n")[:-1]

    def ids(self) -> list[str]:
        """The ids of the events among them."""
        return [json.loads(line)["id"] for line in self.lines() if line.startswith("{")]

    def until(self, line: str) -> None:
        """Wait for a line, or for the event with this id."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while line not in self.lines() and line not in self.ids():
            assert self._process.poll() is None, f"it has ended: {self.lines()}"
            assert time.monotonic() < deadline, f"no {line} in {self.lines()[-20:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def topics(kafka: Kafka, topic_prefix: str) -> Topics:
    """The five topics, of this test alone."""
    made = Topics(kafka.bootstrap_servers, topic_prefix)
    made.create()
    return made


@pytest.fixture
def port() -> Iterator[int]:
    """One at which relay after relay may listen."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, 0))
        yield int(holder.getsockname()[1])


def start(folder: Path, topics: Topics, port: int) -> RunningRelay:
    settings = {**topics.settings, "UNIONFLOW_PORT": str(port)}
    return RunningRelay.start(folder, topics.bootstrap_servers, settings)


def test_it_misses_nothing_when_the_relay_is_killed_and_when_it_is_killed_itself(
    typescript_client: Path, topics: Topics, tmp_path: Path, port: int
) -> None:
    with start(tmp_path, topics, port) as doomed:
        doomed.wait_until_ready()
        first = Watcher(typescript_client, tmp_path, port)
        try:
            first.until("live")
            topics.write(MEMBERS, events("lasting", *range(20)), partition=0)
            first.until("lasting19")
            doomed.kill()
            topics.write(MEMBERS, events("lasting", *range(20, 40)), partition=0)
            with start(tmp_path, topics, port) as other:
                other.wait_until_ready()
                first.until("lasting39")
                assert first.ids() == [f"lasting{n}" for n in range(40)]
                first.kill()
                topics.write(MEMBERS, events("lasting", *range(40, 60)), partition=0)
                second = Watcher(typescript_client, tmp_path, port)
                try:
                    second.until("lasting59")
                finally:
                    second.kill()
        finally:
            first.kill()
    # What the first did not live to store may come again; nothing is left out.
    known = second.ids()
    assert known == [f"lasting{n}" for n in range(60)][-len(known) :]
    assert 20 <= len(known) <= 40


async def test_where_no_websocket_gets_through_node_has_the_events_as_server_sent_ones(
    typescript_client: Path, topics: Topics, tmp_path: Path
) -> None:
    with start(tmp_path, topics, 0) as relay:
        relay.wait_until_ready()
        async with Crossing.open(relay.port) as crossing:
            crossing.lets_websockets_through = False
            port = int(crossing.base.rpartition(":")[2])
            watcher = Watcher(typescript_client, tmp_path, port)
            try:
                await asyncio.to_thread(watcher.until, "live")
                topics.write(MEMBERS, events("lasting", *range(10)), partition=0)
                await asyncio.to_thread(watcher.until, "lasting9")
                crossing.cut()
                topics.write(MEMBERS, events("lasting", *range(10, 20)), partition=0)
                await asyncio.to_thread(watcher.until, "lasting19")
            finally:
                watcher.kill()
    assert watcher.ids() == [f"lasting{n}" for n in range(20)]
