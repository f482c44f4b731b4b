"""What Prometheus sees of any of our processes, by the names that every client library uses.

Not prometheus_client's own collector: it lists all open descriptors at each scrape, on the loop,
and a relay has one for each client.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessMetrics(Collector):
    """Memory, processor time and the start of this process, in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._started = time.time()
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        yield GaugeMetricFamily(
            "process_resident_memory_bytes", "Memory that the process holds.", _resident_bytes()
        )
        yield CounterMetricFamily(
            "process_cpu_seconds", "Processor time that the process has used.", time.process_time()
        )
        yield GaugeMetricFamily(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970.",
            self._started,
        )


def _resident_bytes() -> int:
    return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
