"""What a broker is told: the `server.properties` of one node, alone or one of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"  # a name could mean ::1 to one side and 127.0.0.1 to the other


@dataclass(frozen=True, slots=True)
class Node:
    """One broker that is its own controller (KRaft combined mode), in a folder of its own.

    `client_port` is what clients know. The other two stay plain text whatever security
    `properties` give the clients' listener: brokers and administration talk over `internal_port`,
    the quorum over `controller_port`.
    """

    id: int
    folder: Path
    client_port: int
    internal_port: int
    controller_port: int

    @property
    def data(self) -> Path:
        """Where Kafka keeps its log; there once it is formatted."""
        return self.folder / "data"


def server_properties(
    node: Node, quorum: Sequence[Node], overrides: Mapping[str, str]
) -> dict[str, str]:
    """The settings of `node` among `quorum` (itself included); `overrides` win over all of them."""
    replicas = str(min(3, len(quorum)))
    in_sync = "2" if len(quorum) > 2 else "1"
    ports = {
        "CLIENT": node.client_port,
        "INTERNAL": node.internal_port,
        "CONTROLLER": node.controller_port,
    }
    listeners = [f"{name}://{LOOPBACK}:{port}" for name, port in ports.items()]
    properties = {
        "process.roles": "broker,controller",
        "node.id": str(node.id),
        "controller.quorum.voters": ",".join(
            f"{other.id}@{LOOPBACK}:{other.controller_port}" for other in quorum
        ),
        "listeners": ",".join(listeners),
        "advertised.listeners": ",".join(listeners[:2]),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in ports),
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(node.data),
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        # A broker that was killed can come back, and its partitions get another leader, only when
        # its session is over: 9 s by default.
        "broker.session.timeout.ms": "3000" if len(quorum) == 1 else "5000",
        "broker.heartbeat.interval.ms": "500",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
    }
    return {**properties, **overrides}


def render(properties: Mapping[str, str]) -> str:
    """The text of a Java properties file: ASCII, and all else as Java's Unicode escapes."""
    lines = (f"{_escaped(key)}={_escaped(value)}\n" for key, value in properties.items())
    return "".join(lines)


def _escaped(text: str) -> str:
    out: list[str] = []
    for unit in text.encode("utf-16-be").hex(" ", 2).split():
        code = int(unit, 16)
        char = chr(code)
        if char in "\\=:#! ":
            out.append("\\" + char)
        elif 0x20 < code < 0x7F:
            out.append(char)
        else:
            out.append(f"\\u{code:04x}")
    return "".join(out)


# Warnings, and of the server what it does: enough to see why a start failed, and the line that
# says that it is ready. Not `org.apache.kafka.common.config`, which prints every setting.
LOG_SETTINGS = """\
status = warn
shutdownHook = disable
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRefs = console
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server
logger.server.level = info
"""

# The broker's last word on starting: it has joined the quorum, is unfenced and takes requests. An
# open port says less: it answers while the broker is fenced, and topics cannot be made then.
READY_LINE = "Kafka Server started"
