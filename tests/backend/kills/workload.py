"""People who change things through REST without pause, whatever becomes of the server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from unionflow_events import EventType

ORGANIZATIONS = ("mutuelle-dakar", "mutuelle-abidjan", "mutuelle-cotonou")
PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Workload:
    """One seeded workload. answered: by the id of a thing, the event that REST said it caused."""

    seed: int
    answered: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    failures: int = 0

    async def run(self, api_url: str, people: int) -> None:
        """Work until cancelled. api_url: may be of a server that is not there."""
        limits = httpx.Limits(max_keepalive_connections=people)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=5.0, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            for number in range(people):
                rng = random.Random(f"{self.seed} {number}")
                group.create_task(self._work(client, api_url, rng))

    async def _work(self, client: httpx.AsyncClient, api_url: str, rng: random.Random) -> None:
        while True:
            organization = rng.choice(ORGANIZATIONS)
            if rng.random() < 0.5:
                await self._approve(client, api_url, organization)
            else:
                await self._join(client, api_url, organization, rng)

    async def _approve(self, client: httpx.AsyncClient, api_url: str, organization: str) -> None:
        asked = {
            "organizationId": organization,
            "transactionType": "LOAN",
            "amount": "25000",
            "currency": "XOF",
            "reason": "a workload",
        }
        path = "/finance/approvals"
        made = await self._post(client, api_url + path, asked, EventType.APPROVAL_PENDING)
        if made is not None:
            one = f"{api_url}{path}/{made['id']}/approve"
            await self._post(client, one, None, EventType.APPROVAL_APPROVED)

    async def _join(
        self, client: httpx.AsyncClient, api_url: str, organization: str, rng: random.Random
    ) -> None:
        member = {
            "organizationId": organization,
            "firstName": "Khady",
            "lastName": "Gueye",
            "email": f"{rng.getrandbits(64):x}@example.org",
        }
        await self._post(client, f"{api_url}/members", member, EventType.MEMBER_CREATED)

    async def _post(
        self,
        client: httpx.AsyncClient,
        url: str,
        body: Mapping[str, Any] | None,
        says: EventType,
    ) -> Mapping[str, Any] | None:
        self.requests += 1
        try:
            answer = await client.post(url, json=body)
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            self.failures += 1
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        if not answer.is_success:
            self.failures += 1
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        # The same thing's later event takes the place of its earlier one: its last answer counts.
        self.answered[found["id"]] = says.value
        return found
