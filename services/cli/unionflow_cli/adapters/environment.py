"""Which Kafka the environment means, and what the catalogue's topics are called there."""

from __future__ import annotations

import os

from unionflow_events import KafkaConnection, TopicNames


def kafka_of_the_environment(bootstrap_servers: str | None) -> tuple[KafkaConnection, TopicNames]:
    """Read the KAFKA_* variables, UNIONFLOW_TOPICS and UNIONFLOW_TOPIC_PREFIX.

    bootstrap_servers: an option's value that wins over its variable.

    Raises:
        InvalidSetting: a variable is wrong.
    """
    environ = dict(os.environ)
    if bootstrap_servers:
        environ["KAFKA_BOOTSTRAP_SERVERS"] = bootstrap_servers
    entries = environ.get("UNIONFLOW_TOPICS", "").split(",")
    topics = TopicNames.from_entries(entries, environ.get("UNIONFLOW_TOPIC_PREFIX", ""))
    return KafkaConnection.from_environment(environ), topics
