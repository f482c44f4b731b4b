"""Secrets, read by name in a stream's own namespace, and kept for a stated time.

They are neither listed nor watched: that would need the right to see all of them. What they hold
leaves this module only towards Kafka, and as digests.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable, Mapping

from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.kinds import SECRET
from unionflow_operator.core.cache import Name, Object

KEEP_SECONDS = 60.0
MAX_SECRETS = 2_000  # the one that was read first goes


class Secrets:
    """Contents by name. clock: monotonic seconds."""

    def __init__(
        self, client: KubeClient, clock: Callable[[], float], keep_seconds: float = KEEP_SECONDS
    ) -> None:
        self._client = client
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._kept: OrderedDict[Name, tuple[float, Mapping[str, bytes] | None]] = OrderedDict()

    async def read(self, name: Name) -> Mapping[str, bytes] | None:
        """What the Secret holds, at most KEEP_SECONDS old; None where there is none.

        One that is missing is asked for anew each time, so that its stream heals when it comes.

        Raises:
            KubeFault: it could not be read.
        """
        kept = self._kept.get(name)
        if kept is not None and kept[1] is not None and kept[0] > self._clock():
            return kept[1]
        secret = await self._client.get(SECRET, name)
        content = _content(secret) if secret is not None else None
        self._kept.pop(name, None)
        self._kept[name] = (self._clock() + self._keep_seconds, content)
        if len(self._kept) > MAX_SECRETS:
            self._kept.popitem(last=False)
        return content

    def forget(self, name: Name) -> None:
        """Read it anew next time: what it holds did not work."""
        self._kept.pop(name, None)


def _content(secret: Object) -> Mapping[str, bytes]:
    found = {}
    for key, text in (secret.get("data") or {}).items():
        try:
            found[key] = base64.b64decode(text or "", validate=True)
        except binascii.Error:  # the API server refuses such; a proxy before it may not
            continue
    return found
