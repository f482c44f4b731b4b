"""One trace from a request over outbox, Kafka and relay to the sockets; and nothing without one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.relay.clients import PLAIN, client
from tests.relay.live import RunningRelay
from tests.support.kafka import Kafka
from tests.traces.collector import Collector, Seen, running_collector
from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.kafka import apply_topics
from unionflow_events import TopicNames
from unionflow_runtime.adapters.otlp import OtlpTracer
from unionflow_runtime.core.traces import Kind, is_sampled, sampled_cause, trace_id
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.tracing import open_tracer

SERVER, PRODUCER, CONSUMER = 2, 4, 5  # OTLP's numbers of kinds
TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
CALLER = "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{OTHER}-{CALLER}-00"
ORGANIZATION = {"id": "mutuelle-dakar", "name": "Mutuelle de Dakar", "currency": "XOF"}
APPROVAL = {
    "organizationId": "mutuelle-dakar",
    "transactionType": "LOAN",
    "amount": "125000",
    "currency": "XOF",
    "reason": "Seeds",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Both processes, whose spans the collector gets."""

    backend: BackendProcess
    relay: RunningRelay
    collector: Collector
    topics: TopicNames


@asynccontextmanager
async def traced(kafka: Kafka, prefix: str, folder: Path) -> AsyncIterator[Place]:
    topics = TopicNames.from_entries(prefix=prefix)
    apply_topics(kafka.bootstrap_servers, topics.real, 1)
    with running_collector() as collector:
        settings = {
            "UNIONFLOW_TOPIC_PREFIX": prefix,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        backend = BackendProcess(
            folder / "backend.log", 0, 0, f"sqlite:///{folder}/b.db", settings=settings
        )
        with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
            try:
                await backend.start(kafka.bootstrap_servers)
                yield Place(backend, relay.wait_until_ready(), collector, topics)
            finally:
                await backend.stop()


@pytest.mark.kafka
async def test_one_trace_leads_from_the_request_to_the_sockets(
    kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    async with (
        traced(kafka, topic_prefix, tmp_path) as place,
        httpx.AsyncClient(base_url=place.backend.api_url, trust_env=False, timeout=30) as http,
    ):
        (await http.post("/organizations", json=ORGANIZATION)).raise_for_status()
        async with (
            client(place.relay, organization="mutuelle-dakar") as screen,
            client(place.relay, PLAIN, organization="mutuelle-dakar") as phone,
        ):
            path = "/finance/approvals"
            for cause in (UNSAMPLED, SAMPLED):
                answer = await http.post(path, json=APPROVAL, headers={"traceparent": cause})
                assert answer.status_code == 201
            for one in (screen, phone):
                while sum(e["eventType"] == "APPROVAL_PENDING" for e in one.events) < 2:
                    await one.frame()
            # The request; of the approval and of its activity, each: into Kafka and to the sockets.
            spans = place.collector.wait_for(TRACE, 5)
        openmetrics = await metrics_of(place.relay)
    topic = place.topics.real_name("unionflow.finance.approvals")
    request = only(spans, f"POST {path}")
    publish = only(spans, f"publish {topic}")
    deliver = only(spans, f"deliver {topic}")
    assert [(span.service, span.kind) for span in (request, publish, deliver)] == [
        ("unionflow-backend", SERVER),
        ("unionflow-backend", PRODUCER),
        ("unionflow-relay", CONSUMER),
    ]
    assert (request.parent, publish.parent, deliver.parent) == (CALLER, request.id, publish.id)
    assert request.attributes["http.response.status_code"] == 201
    assert deliver.attributes["unionflow.clients"] == 2
    assert deliver.attributes["unionflow.event_type"] == "APPROVAL_PENDING"
    assert (
        deliver.attributes["messaging.kafka.offset"] == publish.attributes["messaging.kafka.offset"]
    )
    assert not any(span.failed for span in spans)
    assert all(span.nanoseconds >= 0 for span in spans)
    assert f'# {{trace_id="{TRACE}"}}' in openmetrics
    assert len(spans) == 5
    # Nobody keeps the other trace; and who comes without one begins one.
    assert place.collector.of(OTHER) == []
    assert only(place.collector.spans, "POST /organizations").parent == ""


async def metrics_of(relay: RunningRelay) -> str:
    at = f"http://127.0.0.1:{relay.management_port}/metrics"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(at, headers={"Accept": "application/openmetrics-text"})
        plain = await http.get(at)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert plain.headers["content-type"].startswith("text/plain")
    assert "trace_id" not in plain.text
    return answer.text


def only(spans: Sequence[Seen], name: str) -> Seen:
    found = [span for span in spans if span.name == name]
    assert len(found) == 1, [span.name for span in spans]
    return found[0]


def test_a_process_without_an_endpoint_needs_no_packages_for_traces() -> None:
    """FastAPI itself needs opentelemetry-api, which sends nothing; the SDK is the extra's."""
    looked = (
        "import sys; sys.modules['opentelemetry.sdk'] = None; "
        "import unionflow_relay.app, unionflow_backend.app; "
        "print('unionflow_runtime.adapters.otlp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
    assert open_tracer("unionflow-relay", None) is None


def test_an_endpoint_without_the_packages_says_which_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "unionflow_runtime.adapters.otlp")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"opentelemetry.* is not installed: .* `tracing`"):
        open_tracer("unionflow-relay", "http://127.0.0.1:4318")


def test_a_protocol_that_is_not_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(SettingsError, match=r"^OTEL_EXPORTER_OTLP_PROTOCOL=grpc: "):
        open_tracer("unionflow-relay", "http://127.0.0.1:4317")


def test_a_span_is_told_what_went_wrong_and_sent_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "my-relay")
    with running_collector() as collector:
        tracer = OtlpTracer("unionflow-relay", collector.endpoint + "/")
        span = tracer.begin("work", Kind.PRODUCER, "nonsense", {"a": 1})
        traceparent = span.traceparent
        span.end("other work", {"b": "c"}, "it broke")
        tracer.close()
    (seen,) = collector.spans
    assert is_sampled(traceparent)
    assert (seen.service, seen.name, seen.failed, seen.parent) == (
        "my-relay",
        "other work",
        True,
        "",
    )
    assert seen.trace == trace_id(traceparent)
    assert seen.attributes == {"a": 1, "b": "c"}


@pytest.mark.parametrize(
    ("text", "sampled"),
    [
        (SAMPLED, True),
        (f"00-{TRACE}-{CALLER}-03", True),
        (UNSAMPLED, False),
        (f"ff-{TRACE}-{CALLER}-01", False),
        (f"00-{'0' * 32}-{CALLER}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-{CALLER}-01", False),
        (SAMPLED + "-more", False),
        ("", False),
        ("\ufffd" * 55, False),
    ],
)
def test_a_traceparent_is_believed_only_where_it_is_one_and_sampled(
    text: str, sampled: bool
) -> None:
    assert is_sampled(text) is sampled
    headers = [("ce_type", b"x"), ("traceparent", text.encode("latin-1", "replace"))]
    assert sampled_cause(headers) == (text if sampled else "")
    assert sampled_cause([("traceparent", b"\xff" * 55)]) == ""
    assert sampled_cause([]) == ""
