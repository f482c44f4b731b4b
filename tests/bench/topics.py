"""The topics of one run: the catalogue's, under a prefix of its own, removed when it ends."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

from confluent_kafka.admin import AdminClient

from unionflow_cli.kafka import apply_topics
from unionflow_events import CATALOGUE

NAMES = tuple(topic.name for topic in CATALOGUE)
PARTITIONS = 6
_DEADLINE = 30.0  # seconds


@contextlib.contextmanager
def fresh_topics(bootstrap_servers: str) -> Iterator[str]:
    """Make the five topics with six partitions each; yields their prefix.

    Raises:
        TopicsFailed: the broker did not make them in time.
    """
    prefix = f"bench-{uuid.uuid4().hex[:8]}."
    names = [prefix + name for name in NAMES]
    apply_topics(bootstrap_servers, names, partitions=PARTITIONS)
    try:
        yield prefix
    finally:
        admin = AdminClient({"bootstrap.servers": bootstrap_servers})
        for removed in admin.delete_topics(names, operation_timeout=_DEADLINE).values():
            removed.result(_DEADLINE)
