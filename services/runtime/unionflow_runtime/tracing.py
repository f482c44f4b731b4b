"""Opens what sends traces, where an endpoint is configured.

Without one there is no tracer (None), and nothing of OpenTelemetry is imported: whoever could
trace asks once whether there is one.
"""

from __future__ import annotations

import os
from typing import Final

from unionflow_runtime.core.traces import Tracer
from unionflow_runtime.errors import SettingsError

PROTOCOL_VARIABLE: Final = "OTEL_EXPORTER_OTLP_PROTOCOL"
PROTOCOL: Final = "http/protobuf"


def open_tracer(service: str, endpoint: str | None) -> Tracer | None:
    """The process's tracer; None without an endpoint. service: its name in traces.

    Raises:
        SettingsError: the packages for it are missing, or the protocol is not ours.
    """
    if endpoint is None:
        return None
    protocol = os.environ.get(PROTOCOL_VARIABLE, PROTOCOL)
    if protocol != PROTOCOL:
        raise SettingsError(f"{PROTOCOL_VARIABLE}={protocol}: traces are sent by {PROTOCOL} alone")
    try:
        from unionflow_runtime.adapters.otlp import OtlpTracer  # noqa: PLC0415  # paid for here only
    except ImportError as error:
        raise SettingsError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, and {error.name} is not installed: install "
            "unionflow-streams with its extra `tracing`, or unset the variable"
        ) from None
    return OtlpTracer(service, endpoint)
