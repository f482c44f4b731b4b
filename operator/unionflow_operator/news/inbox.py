"""Takes in what the watch and the relists tell: into the cache, and into the queue by name."""

from __future__ import annotations

from collections.abc import Callable

from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.api.stream import parse_stream
from unionflow_operator.core.cache import Cache, Kind, Missed, Name, Object, name_of, version_of
from unionflow_operator.core.claimed import Claimed
from unionflow_operator.core.claims import Claim, claim_of
from unionflow_operator.core.installation import Installation
from unionflow_operator.errors import InvalidStream


class Inbox:
    """on_change: called with each stream that is to be looked at; on_gone with those gone."""

    def __init__(
        self,
        cache: Cache,
        claimed: Claimed,
        installation: Installation,
        metrics: OperatorMetrics,
        on_change: Callable[[Name], None],
        on_gone: Callable[[Name], None],
    ) -> None:
        self._cache = cache
        self._claimed = claimed
        self._installation = installation
        self._metrics = metrics
        self._on_change = on_change
        self._on_gone = on_gone
        self._newest: dict[Kind, int] = {}

    def on_event(self, kind: Kind, what: str, obj: Object) -> None:
        """The watch told this."""
        self._metrics.watched(kind.kind)
        name, version = name_of(obj), version_of(obj)
        self._newest[kind] = max(self._newest.get(kind, 0), version)
        if what == "DELETED":
            known = self._cache.get(kind, name)
            if self._cache.remove(kind, name, version):
                self._concern(kind, name, self._cache.owner_of(known or obj))
        elif self._cache.put(kind, obj):
            self._concern(kind, name, self._cache.owner_of(obj))

    def on_list(self, kind: Kind, listed: list[Object], version: int) -> list[Missed]:
        """A relist found this; what of it the watch had not told."""
        missed = self._cache.replace(kind, listed, version)
        for one in missed:
            self._concern(kind, one.name, one.owner)
        return missed

    def newest(self, kind: Kind) -> int:
        """The newest resource version of a kind that the watch has told; 0 for none."""
        return self._newest.get(kind, 0)

    def _concern(self, kind: Kind, name: Name, owner: Name | None) -> None:
        if kind != kinds.STREAM:
            if owner is not None:
                self._on_change(owner)
            return
        raw = self._cache.get(kind, name)
        for rival in self._claimed.put(name, self._claim(raw)):
            self._on_change(rival)
        if raw is None:
            self._on_gone(name)
        self._on_change(name)

    def _claim(self, raw: Object | None) -> Claim | None:
        if raw is None:
            return None
        try:
            return claim_of(parse_stream(raw), self._installation)
        except InvalidStream:
            return None
