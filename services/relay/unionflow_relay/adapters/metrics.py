"""What Prometheus sees of a relay. No label takes a value that a client can choose."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from unionflow_access import Refusal
from unionflow_events import CATALOGUE, RejectedReason
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.limits import Limit
from unionflow_relay.core.relayed import Relayed
from unionflow_runtime.adapters.management import Encoder
from unionflow_runtime.adapters.process import ProcessMetrics
from unionflow_runtime.core.traces import trace_id

disable_created_metrics()  # a series per counter that nobody asks for
_PREFIX = "unionflow_relay"
_KNOWN_CODES = frozenset(
    {1000, 1001, 1002, 1003, 1006, 1007, 1009, 1011, 1012, 1013}
    | {4400, 4401, 4403, 4408, 4409, 4429}
)
_OTHER = 0  # no close code
_NO_CAUSES: Mapping[Relayed, str] = {}
_LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class RelayMetrics:
    """Every metric of the relay, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessMetrics(self.registry)
        self._connections = self._gauge(
            "connections",
            "Open connections: WebSockets, and streams of server-sent events.",
            "dialect",
        )
        self._handshakes = self._counter(
            "handshakes", "Handshakes, by `accepted` or the HTTP status of the refusal.", "outcome"
        )
        self._deliveries = self._counter(
            "deliveries",
            "Events written to a client, once per client; `other` is any type "
            "outside the catalogue.",
            "event_type",
        )
        self.latency = Histogram(
            "delivery_latency_seconds",
            "From the producer's timestamp to the socket write, once per record that had a client.",
            namespace=_PREFIX,
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.lag = self._gauge(
            "kafka_lag_records",
            "Records of a partition not yet taken, as of its last fetch.",
            "topic",
            "partition",
        )
        self.replays = self._counter(
            "replays", "Clients that came back with a cursor, by what they were told.", "verdict"
        )
        self.replayed = self._counter(
            "replayed_events", "Events written to clients that were catching up.", "source"
        )
        self.replay_reads = self._counter(
            "replay_read_records", "Records read from Kafka for replays, whoever wanted them."
        )
        self.replay_waits = self._counter(
            "replay_waits",
            "Times that a replay waited for clients to read, so that none is cut off for memory.",
        )
        self.replaying = self._gauge(
            "replaying",
            "Clients that catch up: in a convoy (`going`), before one (`waiting`), or with a full "
            "buffer (`slow`).",
            "state",
        )
        self.replay_bytes = self._gauge(
            "replay_bytes", "Records read from Kafka for replays that are still kept."
        )
        self.replay_limit_bytes = self._gauge(
            "replay_limit_bytes", "How much of those is kept at most."
        )
        self.history_bytes = self._gauge("history_bytes", "Records kept in memory for replays.")
        self._closes = self._counter(
            "closes",
            "Closed connections, by close code; `other` is any that the wire does not "
            "name, 1006 a connection lost without a goodbye.",
            "code",
        )
        self.skipped = self._counter(
            "records_skipped", "Records that no client could be given, by reason.", "reason"
        )
        self.ready = self._gauge("ready", "1 when a client can connect and is current.")
        self.kafka_failures = self._counter(
            "kafka_failures", "Requests to Kafka that failed, by kind.", "request"
        )
        self.limited = self._counter(
            "limited", "Handshakes refused and connections closed, by the limit reached.", "limit"
        )
        self.drained = self._counter(
            "drained",
            "Clients of a drain: `told` to come back elsewhere, `closed` when their time was over.",
            "how",
        )
        self.draining = self._gauge("draining", "1 while this pod sends its clients away.")
        self.unsent_bytes = self._gauge(
            "unsent_bytes",
            "What clients have not taken yet, in this process, counted once however many wait "
            "for it.",
        )
        self.unsent_ceiling_bytes = self._gauge(
            "unsent_ceiling_bytes", "Where the slowest clients are cut off."
        )
        self.memory_limit_bytes = self._gauge(
            "memory_limit_bytes", "What this process may have: its container's limit."
        )
        self.connections_limit = self._gauge(
            "connections_limit", "How many connections this pod takes."
        )
        self.loop_delay = self._gauge(
            "event_loop_delay_seconds", "How late the event loop's last second was."
        )
        self.token_refusals = self._counter(
            "token_refusals", "Tokens that were not taken, by the rule they break.", "refusal"
        )
        self.key_set_fetches = self._counter(
            "key_set_fetches", "Requests for the issuer's keys.", "result"
        )
        self.key_waiters = self._gauge(
            "key_waiters", "Clients that wait for the issuer's keys to be fetched."
        )
        self.rulings = self._gauge(
            "membership_rulings", "Suspensions and restorations of members that are remembered."
        )
        self._catalogue = frozenset(t for topic in CATALOGUE for t in topic.event_types)
        # Plain numbers, which the library is told when it is asked: each of its own increments
        # takes a lock, and all of a connection's were a tenth of its handshake.
        self._accepted = 0
        self._open = dict.fromkeys(Dialect, 0)
        self._ended: dict[int, int] = {}
        for dialect in Dialect:
            gauge = self._connections.labels(dialect.value)
            gauge.set_function(partial(self._open_now, dialect))
        self._begin_at_nought()

    def _begin_at_nought(self) -> None:
        """A series that begins with its first count has no rate, and no alert, of that count."""
        for counter, values in (
            (self._closes, (*map(str, sorted(_KNOWN_CODES)), "other")),
            (self.drained, ("told", "closed")),
            (self.kafka_failures, ("fetch", "metadata")),
            (self.key_set_fetches, ("ok", "failed")),
            (self.limited, Limit),
            (self.replayed, ("memory", "kafka")),
            (self.replays, ("whole", "truncated")),
            (self.skipped, RejectedReason),
            (self.token_refusals, Refusal),
        ):
            for value in values:
                counter.labels(str(value))

    def connected(self, dialect: Dialect) -> None:
        """A handshake was accepted."""
        self._accepted += 1
        self._open[dialect] += 1

    def _open_now(self, dialect: Dialect) -> float:
        return float(self._open[dialect])

    def refused(self, status: int) -> None:
        """A handshake was answered with this HTTP status."""
        self._handshakes.labels(str(status)).inc()

    def closed(self, dialect: Dialect, code: int) -> None:
        """A connection is gone."""
        self._open[dialect] -= 1
        code = code if code in _KNOWN_CODES else _OTHER
        self._ended[code] = self._ended.get(code, 0) + 1

    def delivered(
        self,
        tally: Tally[str],
        records: Sequence[Relayed],
        now: float,
        causes: Mapping[Relayed, str] = _NO_CAUSES,
    ) -> None:
        """A slice was written. now: seconds since the epoch. causes: see `Slice`; as exemplars."""
        for event_type, count in tally.items():
            label = event_type if event_type in self._catalogue else "other"
            self._deliveries.labels(label).inc(count)
        observe = self.latency.observe
        if causes:
            for record in records:
                cause = causes.get(record)
                exemplar = None if cause is None else {"trace_id": trace_id(cause)}
                observe(max(0.0, now - record.timestamp_ms / 1000), exemplar)
            return
        for record in records:
            observe(max(0.0, now - record.timestamp_ms / 1000))

    def exposition(self, encode: Encoder) -> bytes:
        """All of it, as `encode` writes it."""
        self._handshakes.labels("accepted").inc(self._accepted)
        self._accepted = 0
        for code, count in self._ended.items():
            self._closes.labels("other" if code == _OTHER else str(code)).inc(count)
        self._ended.clear()
        return encode(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=_PREFIX, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=_PREFIX, registry=self.registry)
