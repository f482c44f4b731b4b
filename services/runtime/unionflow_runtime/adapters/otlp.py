"""Sends spans by OTLP over HTTP, with OpenTelemetry's SDK. Imported only where traces are wanted.

The SDK keeps a bounded queue (2,048 spans; more are dropped) that a thread of its own empties: a
collector that is away holds nobody up.
"""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OpenTelemetrySpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from unionflow_runtime.core.traces import Attributes, Kind

CLOSE_SECONDS: Final = 3.0
_KINDS: Final = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CONSUMER: SpanKind.CONSUMER,
}
_CONTEXT: Final = TraceContextTextMapPropagator()


class OtlpSpan:
    """See `Span`."""

    def __init__(self, span: OpenTelemetrySpan) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """See `Span`."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier, set_span_in_context(self._span))
        return carrier["traceparent"]

    def end(
        self, name: str | None = None, attributes: Attributes | None = None, trouble: str = ""
    ) -> None:
        """See `Span`."""
        if name is not None:
            self._span.update_name(name)
        if attributes:
            self._span.set_attributes(attributes)
        if trouble:
            self._span.set_status(Status(StatusCode.ERROR, trouble))
        self._span.end()


class OtlpTracer:
    """See `Tracer`. endpoint: of a collector, to which `/v1/traces` is added."""

    def __init__(self, service: str, endpoint: str) -> None:
        self._provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("unionflow")

    def begin(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes,
        began_ns: int | None = None,
    ) -> OtlpSpan:
        """See `Tracer`."""
        context = _CONTEXT.extract({} if parent is None else {"traceparent": parent})
        return OtlpSpan(
            self._tracer.start_span(
                name, context, _KINDS[kind], attributes=attributes, start_time=began_ns
            )
        )

    def close(self) -> None:
        """See `Tracer`."""
        # A thread that dies with the process: a collector that is away may keep it for longer.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _resource(service: str) -> Resource:
    """What the environment says of this process; its name is ours where that has none."""
    said = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {SERVICE_VERSION: version("unionflow-streams")}
    if "OTEL_SERVICE_NAME" not in os.environ and f"{SERVICE_NAME}=" not in said:
        own[SERVICE_NAME] = service
    return Resource.create(own)
