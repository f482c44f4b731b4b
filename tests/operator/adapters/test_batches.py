"""Many questions in one request, and everybody's own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from unionflow_operator.adapters.kafka.batches import MAX_ITEMS, Batches


class Server:
    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.fails = False

    async def send(self, asked: Mapping[str, int]) -> Mapping[str, int | Exception]:
        self.requests.append(list(asked))
        await asyncio.sleep(0.01)
        if self.fails:
            raise OSError("nobody answers")
        return {k: ValueError(k) if v < 0 else v * 2 for k, v in asked.items()}


async def test_what_is_asked_at_once_goes_in_one_request() -> None:
    server = Server()
    batches = Batches(server.send)
    answers = await asyncio.gather(*(batches.ask(f"t{n}", n) for n in range(100)))
    assert answers == [2 * n for n in range(100)]
    assert len(server.requests) == 1
    await asyncio.sleep(0)
    assert batches.idle


async def test_a_request_is_bounded_and_the_rest_goes_in_the_next() -> None:
    server = Server()
    batches = Batches(server.send)
    await asyncio.gather(*(batches.ask(f"t{n}", n) for n in range(MAX_ITEMS + 1)))
    assert [len(request) for request in server.requests] == [MAX_ITEMS, 1]


async def test_one_that_fails_fails_alone() -> None:
    batches = Batches(Server().send)
    good, bad = await asyncio.gather(
        batches.ask("good", 1), batches.ask("bad", -1), return_exceptions=True
    )
    assert good == 2
    assert isinstance(bad, ValueError)


async def test_when_nobody_answers_all_are_told_and_the_next_request_is_sent() -> None:
    server = Server()
    server.fails = True
    batches = Batches(server.send)
    both = await asyncio.gather(batches.ask("a", 1), batches.ask("b", 1), return_exceptions=True)
    assert [str(error) for error in both] == ["nobody answers", "nobody answers"]
    server.fails = False
    assert await batches.ask("a", 1) == 2


async def test_the_same_question_is_sent_once_and_another_of_its_key_afterwards() -> None:
    server = Server()
    batches = Batches(server.send)
    one, same, other = await asyncio.gather(
        batches.ask("t", 1), batches.ask("t", 1), batches.ask("t", 3)
    )
    assert (one, same, other) == (2, 2, 6)
    assert server.requests == [["t"], ["t"]]


async def test_who_stops_waiting_takes_nobody_elses_answer_away() -> None:
    batches = Batches(Server().send)
    gone = asyncio.create_task(batches.ask("t", 1))
    stays = asyncio.create_task(batches.ask("t", 1))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
