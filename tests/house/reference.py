"""The reference pages that are written from the code: docs/reference/settings.md and metrics.md.

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
from pydantic.fields import FieldInfo

from tests.house.files import ROOT
from unionflow_access import Refusal
from unionflow_events import CATALOGUE, KafkaConnection, RejectedReason
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.limits import Limit
from unionflow_relay.settings import Settings
from unionflow_runtime.settings import CONFIG_VARIABLE, KAFKA_SETTINGS

FOLDER = Path("docs/reference")
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

This release cannot check tokens yet: with `UNIONFLOW_AUTH=jwt`, the default, a relay does not
start.

{relay}

## Kafka

The same for the relay, the publisher and the command line.
[How to connect with TLS and SASL](../how-to/secure-the-spine.md).

{kafka}
"""


def _setting(field: FieldInfo) -> Sequence[str]:
    return (f"`{field.alias}`", _default(field.default), _values(field), str(field.description))


def _default(value: Any) -> str:
    return f"`{value}`" if value not in ("", (), None) else ""


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
    rows = sorted(_metrics(RelayMetrics().registry), key=lambda row: row[0])
    return f"""{NOTICE}

# Metrics

A relay serves them in Prometheus' text format at `/metrics` on its management port (9085). Units
are in the names. No label takes a value that a client can choose, so the number of series is
bounded.

{table(("metric", "type", "labels", "meaning"), rows)}

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


def _label_values() -> Iterable[Sequence[str]]:
    values: Mapping[str, str] = {
        "code": "a [close code](wire.md#close-codes), `1006`, `other`",
        "dialect": code(Dialect),
        "event_type": f"{code(name for topic in CATALOGUE for name in topic.event_types)}, `other`",
        "how": "`told`, `closed`",
        "limit": code(Limit),
        "outcome": "`accepted`, or the [status of a refusal](wire.md#refusals)",
        "reason": code(RejectedReason),
        "partition": "as in Kafka",
        "refusal": code(Refusal),
        "request": "`fetch`, `metadata`",
        "result": "`ok`, `failed`",
        "source": "`kafka`, `memory`",
        "topic": "as in Kafka",
        "verdict": "`whole`, `truncated`",
    }
    return [(f"`{label}`", meaning) for label, meaning in values.items()]


PAGES = {FOLDER / "settings.md": settings_page, FOLDER / "metrics.md": metrics_page}


def main() -> int:
    """Write the pages. Returns the exit code: always 0."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page())
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
