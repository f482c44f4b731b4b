"""The settings that the relay and the backend have in common: both serve browsers and phones."""

from __future__ import annotations

from pydantic import Field

from unionflow_runtime.access import AccessSettings
from unionflow_runtime.settings import BasePath, CommaList


class ServingSettings(AccessSettings):
    """What can be set of where and to whom a process serves, and who is told of it."""

    base_path: BasePath = Field(
        "",
        alias="UNIONFLOW_BASE_PATH",
        description="Path to serve under, such as `/unionflow`; no slash at its end.",
    )
    allowed_origins: CommaList = Field(
        (),
        alias="UNIONFLOW_ALLOWED_ORIGINS",
        description="Origins whose pages browsers let connect and read; none listed allows all.",
    )
    traces_endpoint: str | None = Field(
        None,
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern=r"^https?://[^\s]+$",
        description="Where traces go, by OTLP over HTTP, such as `http://collector:4318`; not set, "
        "there are none. The SDK's other `OTEL_` variables hold too. Needs the extra `tracing`.",
    )
