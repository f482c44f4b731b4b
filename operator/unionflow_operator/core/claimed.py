"""Every stream's claim by topic, so that rivals are found without asking all streams.

A claim that comes, changes or goes concerns its rivals: they are to be looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable

from unionflow_operator.core.cache import Name
from unionflow_operator.core.claims import Claim, rivals


class Claimed:
    """The claims of all streams that are known. Bounded by them."""

    def __init__(self) -> None:
        self._claims: dict[Name, Claim] = {}
        self._by_topic: dict[str, set[Name]] = {}

    def put(self, name: Name, claim: Claim | None) -> frozenset[Name]:
        """The stream claims this now, or nothing; the streams that this concerns."""
        before = self._claims.get(name)
        if before == claim:
            return frozenset()
        concerned = self._sharing(name, before) | self._sharing(name, claim)
        if before is not None:
            del self._claims[name]
            for topic in before.topics:
                self._by_topic[topic].discard(name)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]
        if claim is not None:
            self._claims[name] = claim
            for topic in claim.topics:
                self._by_topic.setdefault(topic, set()).add(name)
        return concerned

    def rivals(self, claim: Claim) -> tuple[Claim, ...]:
        """The claims of other streams that meet this one, oldest first."""
        name = Name(claim.namespace, claim.name)
        return rivals(claim, self._of(self._sharing(name, claim)))

    def _of(self, names: Iterable[Name]) -> list[Claim]:
        return [self._claims[name] for name in names]

    def _sharing(self, name: Name, claim: Claim | None) -> frozenset[Name]:
        topics = claim.topics if claim is not None else ()
        sharing = {other for topic in topics for other in self._by_topic.get(topic, ())}
        return frozenset(sharing - {name})
