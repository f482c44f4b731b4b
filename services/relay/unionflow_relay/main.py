"""`python -m unionflow_relay`: reads the settings and starts."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Sequence
from typing import Any

from unionflow_relay.app import Relay
from unionflow_relay.settings import Settings, read_configuration
from unionflow_runtime.adapters.logs import configure_logs
from unionflow_runtime.program import run_program
from unionflow_runtime.settings import described_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a relay until SIGTERM or SIGINT. Returns 0, or 2 when a setting is missing or wrong."""
    return run_program(
        "python -m unionflow_relay",
        "Carries UnionFlow's events from Kafka to WebSockets and server-sent events.",
        described_settings(Settings, kafka=True),
        _start,
        arguments,
    )


def _start() -> Coroutine[Any, Any, None]:
    configuration = read_configuration(os.environ)
    configure_logs(configuration.settings.log_format, configuration.settings.log_level)
    return Relay(configuration).run()
