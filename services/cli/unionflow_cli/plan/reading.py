"""The operator's own readers, in a form that can change nothing and asks each thing once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unionflow_operator.adapters.kube.client import KubeClient, Request
from unionflow_operator.adapters.kube.secrets import Secrets
from unionflow_operator.core.cache import Name
from unionflow_operator.core.observed import Handshake
from unionflow_operator.errors import KubeFault, NotLeading
from unionflow_operator.reconcile.soundings import Relays

FORBIDDEN = 403


class ReadingClient(KubeClient):
    """Sends nothing but GET, whatever it is asked."""

    async def send(self, request: Request) -> dict[str, Any]:
        """As the operator's. Raises NotLeading for whatever might write; nothing was sent."""
        if request.is_write:
            raise NotLeading(f"{request.method} {request.kind.plural}: this command only reads")
        return await super().send(request)


class AllowedSecrets(Secrets):
    """Those that the caller may read. denied: the names of the others, which count as missing."""

    def __init__(self, client: KubeClient) -> None:
        super().__init__(client, lambda: 0.0)
        self.denied: set[str] = set()

    async def read(self, name: Name) -> Mapping[str, bytes] | None:
        """What it holds; None also where it may not be read. Raises KubeFault."""
        try:
            return await super().read(name)
        except KubeFault as fault:
            if fault.status != FORBIDDEN:
                raise
            self.denied.add(name.name)
            return None


class Unheard:
    """Relays are not asked: how they do changes nothing of what would be done."""

    def heard(self, _name: Name, _relays: Relays | None) -> tuple[Handshake, int | None]:
        """Nothing was heard."""
        return Handshake(), None
