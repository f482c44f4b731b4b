"""The relays' account: it has no rights, and its token is mounted nowhere."""

from __future__ import annotations

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import child
from unionflow_operator.core.observed import Manifest


def service_account(stream: Stream) -> Manifest:
    """ServiceAccount `<stream>-relay`."""
    return child(stream, "v1", "ServiceAccount", {"automountServiceAccountToken": False})
