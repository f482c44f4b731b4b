"""A service of one's own on the loopback address: started, waited for, watched and stopped."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from unionflow_cli.adapters.background import in_background
from unionflow_cli.core.logline import parse, readable
from unionflow_cli.errors import Crashed, Unavailable
from unionflow_cli.kafka import Process, spawn_tethered

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0  # it takes one or two
STOP_SECONDS = 8.0
POLL_SECONDS = 0.05
LAST_LINES = 6
LOG_TAIL_BYTES = 16_384
_OWN_SETTINGS = ("UNIONFLOW_", "KAFKA_")


class OwnProcess:
    """One process without tokens. Its log begins anew with each start.

    name: what people call it; its log says `<name> listening` with its ports. module: what is
    run. port, management_port: 0 takes a free one; after `start` they are the real ones.
    settings: further variables of it.
    """

    def __init__(
        self,
        name: str,
        module: str,
        log: Path,
        port: int,
        management_port: int,
        settings: Mapping[str, str],
    ) -> None:
        self.log = log
        self.port = port
        self.management_port = management_port
        self._name = name
        self._module = module
        self._settings = dict(settings)
        self._process: Process | None = None

    @property
    def management_url(self) -> str:
        """Of `/readyz`, `/metrics` and the like."""
        return f"http://{LOOPBACK}:{self.management_port}"

    @property
    def pid(self) -> int | None:
        """Of its process, None before the start."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._process is not None and self._process.is_running

    async def start(self, bootstrap_servers: str) -> None:
        """Start it and wait until it is ready, at most 30 s.

        Raises:
            Crashed: it ended by itself.
            Unavailable: it is not ready in time; the message has its own reasons.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        command = [sys.executable, "-m", self._module]
        environ = self._environ(bootstrap_servers)
        self._process = spawn_tethered(command, self.log, environ=environ)
        deadline = time.monotonic() + START_SECONDS
        while not self._read_ports():
            await self._pause(deadline, "it said nothing of its ports")
        reasons = "no answer"
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while reasons:
                await self._pause(deadline, reasons)
                reasons = await self._reasons(client)

    async def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL after 8 s. One that has ended already is no error."""
        if self._process is not None:
            process = self._process
            await in_background(lambda: process.stop(STOP_SECONDS))

    def kill(self) -> None:
        """End it with no time for anything (SIGKILL)."""
        if self._process is not None:
            self._process.kill()

    def crash(self) -> Crashed:
        """Its end as an error, with the last lines of its log."""
        code = self._process.exit_code if self._process else None
        how = f" by signal {-code}" if code is not None and code < 0 else f" with exit code {code}"
        return Crashed(
            f"the {self._name} ended by itself{how}",
            f"its whole log: {self.log}",
            self.last_lines(),
        )

    def last_lines(self) -> tuple[str, ...]:
        """The last lines of its log, as a person reads them."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
            text = log.read().decode(errors="replace")
        return tuple(readable(line) for line in text.splitlines() if line.strip())[-LAST_LINES:]

    def _environ(self, bootstrap_servers: str) -> dict[str, str]:
        """This process's environment without settings meant for other services."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)}
        return environ | {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "UNIONFLOW_AUTH": "none",
            "UNIONFLOW_HOST": LOOPBACK,
            "UNIONFLOW_PORT": str(self.port),
            "UNIONFLOW_MANAGEMENT_PORT": str(self.management_port),
            "UNIONFLOW_LOG_FORMAT": "json",
            **self._settings,
        }

    def _read_ports(self) -> bool:
        for line in self.log.read_text(errors="replace").splitlines():
            record = parse(line)
            if record is not None and record.get("event") == f"{self._name} listening":
                self.port = int(record["port"])
                self.management_port = int(record["management_port"])
                return True
        return False

    async def _reasons(self, client: httpx.AsyncClient) -> str:
        """Why it is not ready; empty when it is."""
        try:
            answer = await client.get(f"{self.management_url}/readyz")
            if answer.status_code == httpx.codes.OK:
                return ""
            return "; ".join(answer.json().get("reasons", [])) or "no reason given"
        except (httpx.HTTPError, ValueError) as problem:
            return f"/readyz does not answer ({type(problem).__name__})"

    async def _pause(self, deadline: float, reasons: str) -> None:
        if not self.is_running:
            raise self.crash()
        if time.monotonic() > deadline:
            message = f"the {self._name} is not ready after {START_SECONDS:.0f} s: {reasons}"
            raise Unavailable(message, f"its whole log: {self.log}", self.last_lines())
        await asyncio.sleep(POLL_SECONDS)
