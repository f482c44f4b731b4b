"""What a stream asks for that it may not have. Where there is anything, nothing is done for it.

A whole stream is refused, never a part: a relay without one of its topics would be short in
silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.installation import Installation


def refusals(stream: Stream, installation: Installation) -> tuple[str, ...]:
    """A sentence for each thing that the stream may not have. With any, ask no broker for it."""
    spec = stream.spec
    servers = [server.strip() for server in spec.kafka.bootstrap_servers.split(",")]
    rule = installation.policy.rule(stream.namespace)
    by_policy = rule.refusals(servers, spec.kafka_names(), spec.relay.image)
    return (*by_policy, *_dangers(stream))


def _dangers(stream: Stream) -> Iterator[str]:
    """What nobody may have, whatever the policy says: the controller reads it with its own rights.

    Whoever may make a stream need not be one who may configure the ingress for everybody.
    """
    annotations = stream.spec.exposure.annotations if stream.spec.exposure is not None else {}
    for name in sorted(annotations):
        if "snippet" in name:
            yield (
                f"exposure.annotations: {name} is not allowed, since it would change the "
                "configuration that the ingress controller has for others; leave it out"
            )
