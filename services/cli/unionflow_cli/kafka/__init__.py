"""A real Apache Kafka on this machine: for `unionflow dev`, `unionflow kafka`, tests and the bench.

For other modules: `Broker`, `start_cluster`, `ensure_jars`, `apply_topics`, `cache_dir`, and
`spawn_tethered` for other programs that must die with this process. For unionflow_cli/main.py:
`from unionflow_cli.kafka import kafka_app, topics_app` (Typer apps, mounted as `kafka` and
`topics`), and `from unionflow_cli.doctor import doctor` (a command). All errors are
`LocalKafkaError`, a `CliError`.
"""

from unionflow_cli.kafka.adapters.admin import apply_topics
from unionflow_cli.kafka.adapters.broker import Broker
from unionflow_cli.kafka.adapters.cache import cache_dir
from unionflow_cli.kafka.adapters.cluster import Cluster, start_cluster
from unionflow_cli.kafka.adapters.jars import ensure_jars
from unionflow_cli.kafka.adapters.process import Process
from unionflow_cli.kafka.adapters.spawn import spawn_tethered
from unionflow_cli.kafka.commands import kafka_app, topics_app
from unionflow_cli.kafka.errors import LocalKafkaError

__all__ = [
    "Broker",
    "Cluster",
    "LocalKafkaError",
    "Process",
    "apply_topics",
    "cache_dir",
    "ensure_jars",
    "kafka_app",
    "spawn_tethered",
    "start_cluster",
    "topics_app",
]
