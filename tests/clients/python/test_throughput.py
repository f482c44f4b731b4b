"""How many events a client takes, measured against what this machine does at that moment."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from tests.clients.python.scripted import event, welcome
from unionflow_client import Client
from unionflow_client.adapters import wire
from unionflow_client.core.effects import Open

EVENTS = 50_000
FLOOR = 50_000.0  # events a second of processor time


class Ready:
    """A wire that has its messages already: what is measured is the client alone."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    async def run(self, ear: wire.Ear) -> None:
        ear.opened(agreed=True)
        for number, text in enumerate(self._texts):
            await ear.until_wanted()
            ear.text(text, None)
            if number % 128 == 0:
                await asyncio.sleep(0)
        await asyncio.Event().wait()

    def send(self, text: str) -> None:
        """Nothing is sent in the time that this takes."""

    async def close(self, code: int) -> None:
        """There is nothing to close."""


@pytest.fixture
def texts() -> list[str]:
    said = [json.dumps(event(str(number), f"q3Zk1PfA.2.{number}")) for number in range(EVENTS)]
    return [json.dumps(welcome()), *said]


async def test_fifty_thousand_events_take_less_than_a_second_of_processor_time(
    texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(_opening: Open, _tls: object) -> Ready:
        return Ready(texts)

    monkeypatch.setattr("unionflow_client.connection.WebSocketWire", make)
    async with Client("http://a") as client:
        events = client.events()
        await anext(events)
        began = time.process_time()
        for _ in range(EVENTS - 1):
            await anext(events)
        rate = EVENTS / (time.process_time() - began)
    print(f"{rate:,.0f} events/s of processor time")
    assert rate >= FLOOR
