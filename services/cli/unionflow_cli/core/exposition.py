"""What the live view takes from the relay's `/metrics`: a few figures, by the names of the docs."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

_CONNECTIONS = "unionflow_relay_connections"
_DELIVERIES = "unionflow_relay_deliveries_total"
_READY = "unionflow_relay_ready"


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """One reading. connections by dialect; deliveries is the sum over event types."""

    connections: dict[str, int]
    deliveries: int
    ready: bool

    @property
    def total_connections(self) -> int:
        """Over both dialects."""
        return sum(self.connections.values())


def parse_figures(text: str) -> RelayFigures:
    """Read Prometheus text. A metric that is absent counts as nought.

    Raises:
        ValueError: it is no Prometheus text.
    """
    connections: dict[str, int] = {}
    totals = dict.fromkeys((_DELIVERIES, _READY), 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == _CONNECTIONS:
                connections[sample.labels.get("dialect", "")] = int(sample.value)
            elif sample.name in totals:
                totals[sample.name] += sample.value
    return RelayFigures(connections, int(totals[_DELIVERIES]), ready=totals[_READY] >= 1)
