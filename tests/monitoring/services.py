"""What happens behind the relays: people's work by REST, other services' events, bad records."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from contextlib import suppress
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaProducer

from tests.monitoring.crowd import FLOOD, SOCIETIES
from tests.monitoring.stack import Stack
from tests.relay.tokens import bearer
from unionflow_events import EventPublisher, EventsError, KafkaConnection

MEMBERS: Final = "unionflow.members.events"
FLOOD_EVENTS, FLOOD_BYTES = 60, 200_000
PATIENCE_SECONDS: Final = 60.0
TRIES: Final = 20


class Office:
    """People at work in three societies, by REST."""

    def __init__(self, stack: Stack) -> None:
        everything = stack.issuer.token("admin", *SOCIETIES, roles=["administrator"])
        self._decides = bearer(stack.issuer.token("omar", *SOCIETIES, roles=["president"]))
        self._http = httpx.AsyncClient(
            base_url=stack.backend.api_url,
            headers=bearer(everything),
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        )

    async def open(self) -> None:
        """Found the societies."""
        for society in SOCIETIES:
            await self._made(
                "/organizations", {"id": society, "name": society.title(), "currency": "XOF"}
            )

    async def work(self) -> None:
        """For ever."""
        try:
            for turn in itertools.count():
                await self._decide(SOCIETIES[turn % 3], turn)
                await self._look(SOCIETIES[turn % 3])
                await self._err()
                await asyncio.sleep(0.2)
        finally:
            await self._http.aclose()

    async def _decide(self, society: str, turn: int) -> None:
        asked = {
            "organizationId": society,
            "transactionType": "WITHDRAWAL",
            "amount": f"{turn + 1}000",
            "currency": "XOF",
            "reason": "school fees",
        }
        key = {"Idempotency-Key": uuid.uuid4().hex}
        approval = await self._made("/finance/approvals", asked, key)
        if turn % 5 == 0:
            await self._made("/finance/approvals", asked, key)
        told: dict[str, Any] = {"reason": "not this month"} if turn % 4 == 3 else {}
        word = "reject" if told else "approve"
        path = f"/finance/approvals/{approval['id']}/{word}"
        await self._made(path, told, self._decides)
        person = {
            "organizationId": society,
            "firstName": "Awa",
            "lastName": f"Ndiaye {turn}",
            "email": f"awa-{uuid.uuid4().hex}@mutuelle.example",
        }
        if turn % 6 == 0:
            await self._made("/members", person)

    async def _look(self, society: str) -> None:
        await self._http.get("/finance/approvals", params={"organizationId": society})
        await self._http.get("/members", params={"organizationId": society})
        await self._http.get("/organizations")

    async def _err(self) -> None:
        await self._http.get(f"/finance/approvals/{uuid.uuid4()}")
        await self._http.get("/organizations", headers=bearer("no.token.this"))

    async def _made(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        answer = await self._http.post(path, json=body, headers=headers)
        for _ in range(TRIES):  # a database on a busy machine says 503
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.5)
            answer = await self._http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made


class OtherServices:
    """They publish by themselves, and one writes what is no event. For an `async with`."""

    def __init__(self, stack: Stack) -> None:
        self._servers = stack.broker.bootstrap_servers
        self.publisher = EventPublisher(KafkaConnection(self._servers), deadline=PATIENCE_SECONDS)

    async def work(self) -> None:
        """For ever: twenty events a second, as long as Kafka takes them."""
        for turn in itertools.count():
            society = SOCIETIES[turn % 3]
            with suppress(EventsError):
                if turn % 4:
                    activity = {"id": f"a{turn}", "text": "a payment was recorded"}
                    await self.publisher.publish_new_activity(society, activity)
                else:
                    note = {"id": f"n{turn}", "title": "Meeting", "body": "At nine."}
                    await self.publisher.publish_user_notification(f"comer-{turn % 12}", note)
            await asyncio.sleep(0.05)

    async def suspend_somebody(self) -> None:
        """A member loses a right."""
        change = {"userId": "binta", "status": "SUSPENDED"}
        await self.publisher.publish_member_updated("binta", SOCIETIES[0], change)

    async def flood(self) -> None:
        """More than a socket's buffers hold, for one organisation."""
        fill = "x" * FLOOD_BYTES
        for number in range(FLOOD_EVENTS):
            await self.publisher.publish_new_activity(FLOOD, {"id": f"f{number}", "fill": fill})

    async def write_nonsense(self, times: int) -> None:
        """What is no event."""
        producer = AIOKafkaProducer(bootstrap_servers=self._servers)
        await producer.start()
        try:
            for _ in range(times):
                await producer.send_and_wait(MEMBERS, b"no event", partition=0)
                await asyncio.sleep(0.2)
        finally:
            await producer.stop()
