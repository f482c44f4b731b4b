"""The management side, never behind an ingress: is it alive, is it ready, what does it count."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from unionflow_runtime.core.readiness import Readiness

Encoder = Callable[[CollectorRegistry], bytes]


class Live(BaseModel):
    """Whether the process can go on; where its event loop stands, nothing is answered."""

    live: bool
    reasons: list[str] = Field(default_factory=list, description="why not, a sentence each")


class Ready(BaseModel):
    """Whether the process can serve."""

    ready: bool
    reasons: list[str] = Field(default_factory=list, description="why not, a sentence each")


def management_app(
    title: str, readiness: Readiness, liveness: Readiness, exposition: Callable[[Encoder], bytes]
) -> FastAPI:
    """The application behind the management port.

    liveness: reasons to start the process anew. exposition: all metrics, as the encoder writes
    them: Prometheus' text, or OpenMetrics, which has exemplars, for who asks for it.
    """
    app = FastAPI(
        title=title,
        version=version("unionflow-streams"),
        description="Health and metrics of one process; never to be reached from outside.",
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
        summary="Can it serve?",
        responses={503: {"model": Ready, "description": "Not ready; `reasons` says why."}},
    )
    async def readyz(response: Response) -> Ready:
        response.status_code = 200 if readiness.ready else 503
        return Ready(ready=readiness.ready, reasons=list(readiness.reasons))

    @app.get("/metrics", summary="Prometheus' text format", response_class=Response)
    async def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(exposition(encode), headers={"Content-Type": kind})

    return app
