"""Lets the bots work in their own time, through REST; the board is told when each request began."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from unionflow_cli.core.board import Board
from unionflow_cli.core.bots import Act, Bots

ANSWER_SECONDS = 10.0


async def let_bots_work(api_url: str, board: Board) -> None:
    """For ever. A request that is refused or lost is said on the board, and the day goes on."""
    began_at = datetime.now(UTC)

    def wall(seconds: float) -> str:
        moment = began_at + timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    dice = random.Random()  # noqa: S311  # sample data, no secrets
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
        began = time.monotonic()
        for act in Bots(dice, wall, secrets.token_hex(2)):
            await asyncio.sleep(began + act.at - time.monotonic())
            called_at = time.monotonic()
            answer = await _ask(client, api_url, act, board)
            act.then(answer, time.monotonic() - began)
            if act.says is not None and "id" in answer:
                subject = answer.get("contribution") or answer
                board.on_caused(f"{act.says} {subject['id']}", called_at)


async def _ask(client: httpx.AsyncClient, api_url: str, act: Act, board: Board) -> dict[str, Any]:
    """The answer's object; empty where there was none, or a refusal."""
    headers = {"X-User-Id": act.user, "X-Roles": act.roles}
    if act.organization is not None:
        headers["X-Organization-Ids"] = act.organization
    try:
        answer = await client.request(
            act.method, api_url + act.path, json=act.body, headers=headers
        )
        found = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        board.trouble = f"{act.method} {act.path.partition('?')[0]}: {type(problem).__name__}"
        return {}
    if answer.is_success and isinstance(found, dict):
        board.trouble = ""
        return found
    detail = found.get("detail", "") if isinstance(found, dict) else ""
    board.trouble = f"{act.method} {act.path.partition('?')[0]}: {answer.status_code} {detail}"
    return {}
