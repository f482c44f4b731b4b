"""What is written from the code: pages of docs/reference, the definition, parts of the charts.

`python -m tests.house.reference` writes them; a test says when they are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any

from annotated_types import Ge, Le
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tests.house.charts.copies import chart_files
from tests.house.conditions import conditions_page
from tests.house.crd_page import crd_page
from tests.house.files import ROOT
from tests.house.rest_page import rest_page
from unionflow_access import Refusal
from unionflow_backend.adapters.metrics import BackendMetrics
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.settings import Settings as BackendSettings
from unionflow_events import CATALOGUE, KafkaConnection, RejectedReason
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.api.crd import definition_yaml
from unionflow_operator.core.observed import Answer
from unionflow_operator.core.plan import StatusReason
from unionflow_operator.reconcile.outcome import Result
from unionflow_operator.settings import Settings as OperatorSettings
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.limits import Limit
from unionflow_relay.settings import Settings
from unionflow_runtime.adapters.process import ProcessMetrics
from unionflow_runtime.settings import CONFIG_VARIABLE, KAFKA_SETTINGS

FOLDER = Path("docs/reference")
DEFINITION = Path("manifests/crds/unionflowstreams.yaml")
NOTICE = "<!-- Written by `python -m tests.house.reference`: change the code, not this page. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a `|` within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells)


def code(words: Iterable[object]) -> str:
    """`one`, `two`."""
    return ", ".join(f"`{word}`" for word in words)


def settings_page() -> str:
    """docs/reference/settings.md."""
    head = ("variable", "default", "values", "meaning")
    relay = table(head, map(_setting, Settings.model_fields.values()))
    operator = table(head, map(_setting, OperatorSettings.model_fields.values()))
    backend = table(head, map(_setting, BackendSettings.model_fields.values()))
    kafka = table(("variable", "default", "meaning"), _kafka_settings())
    return f"""{NOTICE}

# Settings

Every setting is an environment variable, read once at the start. A wrong value ends the start with
one line: variable, value, what would do. `python -m unionflow_relay --help` lists the same.

`{CONFIG_VARIABLE}` names a YAML file that holds any of them by the same names; the environment wins
over it.

```yaml
UNIONFLOW_AUTH: none
UNIONFLOW_HEARTBEAT_SECONDS: 10
KAFKA_BOOTSTRAP_SERVERS: kafka-1:9092,kafka-2:9092
```

## The relay

{relay}

## The business services

`python -m unionflow_backend --help` lists the same. `unionflow-backend migrate` needs the address
of the database alone.

{backend}

## The operator

`python -m unionflow_operator --help` lists the same. How each stream reaches Kafka is in the
stream, not here.

{operator}

## Kafka

The same for the relay, the publisher and the command line.
[How to connect with TLS and SASL](../how-to/secure-the-spine.md).

{kafka}
"""


def _setting(field: FieldInfo) -> Sequence[str]:
    return (f"`{field.alias}`", _default(field.default), _values(field), str(field.description))


def _default(value: Any) -> str:
    shown = value.get_secret_value() if isinstance(value, SecretStr) else value
    return f"`{shown}`" if shown not in ("", (), None) else ""


def _values(field: FieldInfo) -> str:
    if isinstance(field.annotation, type) and issubclass(field.annotation, Enum):
        return code(member.value for member in field.annotation)
    least = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    most = next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)
    if least is not None and most is not None:
        return f"{least} to {most}"
    return "with commas between" if field.default == () else ""


def _kafka_settings() -> Iterator[Sequence[str]]:
    defaults = {f"KAFKA_{field.name.upper()}": field.default for field in fields(KafkaConnection)}
    for variable, meaning in KAFKA_SETTINGS.items():
        yield (f"`{variable}`", _default(defaults[variable]), meaning)


def metrics_page() -> str:
    """docs/reference/metrics.md."""
    head = ("metric", "type", "labels", "meaning")
    relay = table(head, sorted(_metrics(RelayMetrics().registry), key=lambda row: row[0]))
    operator = table(head, sorted(_metrics(OperatorMetrics().registry), key=lambda row: row[0]))
    registry = BackendMetrics().registry
    OutboxMetrics(registry)
    backend = table(head, sorted(_metrics(registry), key=lambda row: row[0]))
    process = table(head, _process_metrics())
    return f"""{NOTICE}

# Metrics

A relay, the business services and an operator serve them in Prometheus' text format at `/metrics`
on the management port (9085). Units are in the names. No label takes a value that a client, or a
stream's author, can choose, so the number of series is bounded. What to make of them:
[alerts and rules](../how-to/watch-it-with-prometheus.md),
[dashboards](../how-to/watch-it-with-grafana.md).

## The relay

{relay}

## The business services

{backend}

## The operator

{operator}

## Every process

{process}

## Values of labels

{table(("label", "values"), _label_values())}
"""


def _metrics(registry: CollectorRegistry) -> Iterator[Sequence[str]]:
    # The registry tells a metric's labels only once one has a value; the collector knows them.
    for collector in set(registry._names_to_collectors.values()):
        if isinstance(collector, MetricWrapperBase):
            for metric in collector.describe():
                name = f"{metric.name}_total" if metric.type == "counter" else metric.name
                labels = code(collector._labelnames)
                yield (f"`{name}`", metric.type, labels, metric.documentation)


def _process_metrics() -> Iterator[Sequence[str]]:
    for metric in ProcessMetrics(CollectorRegistry()).collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        yield (f"`{name}`", metric.type, "", metric.documentation)


def _label_values() -> Iterable[Sequence[str]]:
    values: Mapping[str, str] = {
        "code": "a [close code](wire.md#close-codes), `1006`, `other`",
        "dialect": code(Dialect),
        "event_type": f"{code(name for topic in CATALOGUE for name in topic.event_types)}, `other`",
        "answer": code(Answer),
        "how": "`told`, `closed`",
        "kind": "as in Kubernetes; `UnionflowStream/status`, `Topic`",
        "limit": code(Limit),
        "of": "`kafka`, `database`",
        "operation": "the id of a request's operation in OpenAPI; `none`",
        "outcome": "of the relay: `accepted`, or the [status of a refusal](wire.md#refusals); of "
        f"tokens: `accepted`, {code(Refusal)}; of statistics: `published`, `unchanged`",
        "reason": f"of the relay: {code(RejectedReason)}; of the operator, for a status: "
        f"{code(StatusReason)}; for anything else `missing`, `drift`, `changed`, `unwanted`, "
        "`partitions`, `config`, `policy`, `finalizer`, `told`",
        "partition": "as in Kafka",
        "refusal": code(Refusal),
        "request": "of the relay: `fetch`, `metadata`; of the operator: Kafka's own word",
        "result": f"of requests: `ok`, `failed`; of looks: {code(Result)}",
        "ready": "as in the condition `Ready`",
        "source": "`kafka`, `memory`",
        "state": "of the relay: `going`, `waiting`, `slow`; of the operator: `due`, `delayed`, "
        "`working`; of the backend's connections: `used`, `idle`",
        "status": "HTTP's; `0` where there was no answer",
        "topic": "as in Kafka",
        "verb": "`read`, `create`, `update`, `patch`, `delete`",
        "verdict": "`whole`, `truncated`",
    }
    return [(f"`{label}`", meaning) for label, meaning in values.items()]


PAGES = {
    FOLDER / "settings.md": settings_page,
    FOLDER / "metrics.md": metrics_page,
    FOLDER / "crd.md": lambda: crd_page(NOTICE, table),
    FOLDER / "conditions.md": lambda: conditions_page(NOTICE, table),
    FOLDER / "rest.md": lambda: rest_page(NOTICE, table),
    DEFINITION: definition_yaml,
    **chart_files(NOTICE, table),
}


def main() -> int:
    """Write the pages. Returns the exit code: always 0."""
    for path, page in PAGES.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(page())
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
