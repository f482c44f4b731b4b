"""The management side, never behind an ingress: is it alive, is it ready, what does it count."""

from __future__ import annotations

from fastapi import FastAPI, Response
from pydantic import BaseModel, Field

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.readiness import Readiness

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Live(BaseModel):
    """Whether the process can go on; where its event loop stands, nothing is answered."""

    live: bool
    reasons: list[str] = Field(default_factory=list, description="why not, a sentence each")


class Ready(BaseModel):
    """Whether a client can connect and is current."""

    ready: bool
    reasons: list[str] = Field(default_factory=list, description="why not, a sentence each")


def management_app(
    readiness: Readiness, liveness: Readiness, metrics: RelayMetrics, version: str
) -> FastAPI:
    """The application behind the management port. `liveness`: reasons to start the process anew."""
    app = FastAPI(
        title="UnionFlow relay, management",
        version=version,
        description="Health and metrics of one relay. Clients connect to `/ws/dashboard` instead.",
    )

    @app.get(
        "/livez",
        summary="Can the process go on?",
        responses={503: {"model": Live, "description": "It must be started anew; `reasons`: why."}},
    )
    async def livez(response: Response) -> Live:
        response.status_code = 200 if liveness.ready else 503
        return Live(live=liveness.ready, reasons=list(liveness.reasons))

    @app.get(
        "/readyz",
        summary="Can a client connect, and is it current?",
        responses={503: {"model": Ready, "description": "Not ready; `reasons` says why."}},
    )
    async def readyz(response: Response) -> Ready:
        response.status_code = 200 if readiness.ready else 503
        return Ready(ready=readiness.ready, reasons=list(readiness.reasons))

    @app.get("/metrics", summary="Prometheus' text format", response_class=Response)
    async def exposition() -> Response:
        return Response(metrics.exposition(), media_type=_METRICS_TYPE)

    return app
