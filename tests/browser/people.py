"""Others than who sits at the page: members who ask, colleagues who decide, all of them by REST."""

from __future__ import annotations

from typing import Any

import httpx

from tests.browser.stack import DAKAR, Stack

TREASURER = "awa-ndiaye"
PRESIDENT = "mamadou-diouf"
MEMBER = "aminata-diop"


class Colleague:
    """Somebody of a society with a role, at another machine."""

    def __init__(
        self,
        stack: Stack,
        user: str,
        role: str,
        organization: str = DAKAR,
        *,
        token: str | None = None,
    ) -> None:
        """As headers say; as the token says where there is one."""
        self._stack = stack
        self._organization = organization
        said = {"X-User-Id": user, "X-Organization-Ids": organization, "X-Roles": role}
        self._headers = said if token is None else {"Authorization": f"Bearer {token}"}

    async def ask_for(self, amount: int = 125_000, reason: str = "Une machine à coudre") -> str:
        """Request a loan; its id."""
        body = {
            "organizationId": self._organization,
            "transactionType": "LOAN",
            "amount": str(amount),
            "currency": "XOF",
            "reason": reason,
        }
        return str((await self.post("/finance/approvals", body))["id"])

    async def approve(self, id: str) -> None:
        """Grant one."""
        await self.post(f"/finance/approvals/{id}/approve")

    async def tell(self, user: str, title: str, text: str = "À bientôt.") -> None:
        """Send a message to one member."""
        said = {"organizationId": self._organization, "title": title, "body": text}
        await self.post("/notifications", {**said, "userId": user})

    async def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer to a request that succeeds."""
        return await self._request("POST", path, body)

    async def get(self, path: str) -> dict[str, Any]:
        """What there is."""
        return await self._request("GET", path)

    async def _request(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
            url = self._stack.backend.api_url + path
            answer = await http.request(method, url, json=body, headers=self._headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


def member(stack: Stack) -> Colleague:
    """Asks for loans."""
    return Colleague(stack, MEMBER, "member")


def president(stack: Stack) -> Colleague:
    """Decides as the treasurer does, and takes in members."""
    return Colleague(stack, PRESIDENT, "president")


def administrator(stack: Stack, organization: str = DAKAR) -> Colleague:
    """May do everything there."""
    return Colleague(stack, "operations", "administrator", organization)
