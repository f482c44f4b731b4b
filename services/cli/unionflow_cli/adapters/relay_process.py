"""A relay of one's own on the loopback address."""

from __future__ import annotations

from pathlib import Path

from unionflow_cli.adapters.own_process import LOOPBACK, OwnProcess
from unionflow_cli.core.endpoint import PATH


class RelayProcess(OwnProcess):
    """One relay. heartbeat_seconds: None for the relay's own default."""

    def __init__(
        self, log: Path, port: int, management_port: int, *, heartbeat_seconds: int | None = None
    ) -> None:
        settings = {"UNIONFLOW_DRAIN_SECONDS": "0"}  # Ctrl-C is not to wait for other terminals
        if heartbeat_seconds is not None:
            settings["UNIONFLOW_HEARTBEAT_SECONDS"] = str(heartbeat_seconds)
        super().__init__("relay", "unionflow_relay", log, port, management_port, settings)

    @property
    def url(self) -> str:
        """Of the WebSocket."""
        return f"ws://{LOOPBACK}:{self.port}{PATH}"
