"""`python -m unionflow_operator`: reads the settings and starts."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Sequence
from typing import Any

from unionflow_operator.adapters.kube.watch import quiet_kopf
from unionflow_operator.app import Operator
from unionflow_operator.settings import Settings, read_configuration
from unionflow_runtime.adapters.logs import configure_logs
from unionflow_runtime.program import run_program
from unionflow_runtime.settings import described_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an operator until SIGTERM or SIGINT. Returns 0, or 2 when a setting is wrong."""
    return run_program(
        "python -m unionflow_operator",
        "Makes of each UnionflowStream its Kafka topics, its relays and all around them.",
        described_settings(Settings, kafka=False),
        _start,
        arguments,
    )


def _start() -> Coroutine[Any, Any, None]:
    configuration = read_configuration(os.environ)
    configure_logs(configuration.settings.log_format, configuration.settings.log_level)
    quiet_kopf()
    return Operator(configuration).run()
