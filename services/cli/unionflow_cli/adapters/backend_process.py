"""Business services of one's own on the loopback address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from unionflow_cli.adapters.own_process import LOOPBACK, OwnProcess

API_PATH = "/api/v1"


class BackendProcess(OwnProcess):
    """One backend. database: its URL; it is brought up to date at the start."""

    def __init__(
        self,
        log: Path,
        port: int,
        management_port: int,
        database: str,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        own = {"UNIONFLOW_DATABASE_URL": database, "UNIONFLOW_DATABASE_MIGRATE": "true"}
        super().__init__(
            "backend", "unionflow_backend", log, port, management_port, {**own, **settings}
        )

    @property
    def url(self) -> str:
        """Of its site: `/docs` is below it."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def api_url(self) -> str:
        """Of its resources."""
        return self.url + API_PATH
