"""Looks at Kafka's metadata, and makes what is followed what Kafka has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from unionflow_relay.adapters.kafka.cluster import EARLIEST, LATEST, Cluster, TopicSettings
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.core.assignment import Change, Follow, TopicMetadata
from unionflow_relay.core.cursor import short_topic_id
from unionflow_relay.core.following import NO_LEADER, Following, Start
from unionflow_relay.core.soundness import CLEANUP_POLICY, SETTINGS, Soundness, concerns
from unionflow_runtime.core.backoff import Backoff

PERIOD_SECONDS = 5.0
WAITING_PERIOD_SECONDS = 1.0
log = structlog.get_logger("kafka")


class Looking:
    """Looks every PERIOD_SECONDS, and soon after somebody asked, but never without a pause.

    While a topic is missing, the period is WAITING_PERIOD_SECONDS.
    """

    def __init__(self, following: Following, around: Surroundings) -> None:
        self._following = following
        self._sink = around.sink
        self._readiness = around.readiness
        self._warm_records = around.warm_records
        self._backoff = Backoff(around.rng)
        self._asked = asyncio.Event()
        self._soundness = Soundness()
        self._untold: set[str] = set()

    def ask(self) -> None:
        """Something does not fit what is known: look soon."""
        self._asked.set()

    async def wait(self) -> None:
        """Return when it is time to look again."""
        waiting = self._following.missing_topics()
        try:
            async with asyncio.timeout(WAITING_PERIOD_SECONDS if waiting else PERIOD_SECONDS):
                await self._asked.wait()
        except TimeoutError:
            self._backoff.reset()
        else:
            await asyncio.sleep(self._backoff.next_delay())
        self._asked.clear()

    async def look(self, cluster: Cluster) -> None:
        """One look, applied whole or not at all.

        Raises:
            KafkaUnavailable: no broker answers.
        """
        observed, refused = await cluster.topics(self._following.wanted)
        changes = self._following.plan(observed, refused.keys())
        starts = await self._live_starts(cluster, changes, observed)
        settings = await cluster.settings(observed, SETTINGS)
        for change in changes:
            self._apply(change, starts)
        self._following.settle(observed, refused.keys())
        self._judge(observed, refused, settings)
        self._warn(observed, settings)
        self._sink.looked()

    async def _live_starts(
        self, cluster: Cluster, changes: Sequence[Change], observed: Mapping[str, TopicMetadata]
    ) -> Mapping[str, Mapping[int, Start]]:
        """Where to begin in the topics that are joined live, by topic and partition."""
        joined = [
            change.name
            for change in changes
            if isinstance(change, Follow) and self._following.joins_live(change.name, observed)
        ]
        by_node: dict[int, dict[str, list[int]]] = {}
        for name in joined:
            for number, node in observed[name].leaders.items():
                if node != NO_LEADER:
                    by_node.setdefault(node, {}).setdefault(name, []).append(number)
        starts: dict[str, dict[int, Start]] = {name: {} for name in joined}
        share = self._warm_records // max(1, sum(len(observed[n].leaders) for n in joined))
        for node, partitions in by_node.items():
            latest = await cluster.offsets(node, partitions, LATEST)
            earliest = await cluster.offsets(node, partitions, EARLIEST)
            for (name, number), offset in latest.items():
                retained = earliest.get((name, number), offset)
                starts[name][number] = Start(max(retained, offset - share), offset, retained)
        return starts

    def _apply(self, change: Change, starts: Mapping[str, Mapping[int, Start]]) -> None:
        if not isinstance(change, Follow):
            gone = self._following.give_up(change)
            self._sink.give_up(short_topic_id(change.topic_id), gone)
            log.warning("topic gone", topic=change.name, topic_id=short_topic_id(change.topic_id))
            return
        live = starts.get(change.name)
        if live is not None and len(live) < change.count:
            self.ask()  # a partition's end is not known yet: beginning elsewhere would be wrong
            return
        for lane, offset in self._following.follow(change, live or {}):
            self._sink.follow(lane, offset)
            if live:
                self._sink.retains(lane, live[lane.partition].earliest)
        log.info(
            "topic followed",
            topic=change.name,
            topic_id=short_topic_id(change.topic_id),
            partitions=change.count,
            first=change.first,
        )

    def _judge(
        self,
        observed: Mapping[str, TopicMetadata],
        refused: Mapping[str, str],
        settings: TopicSettings,
    ) -> None:
        unfollowed = self._following.missing_topics()
        missing = [name for name in unfollowed if name not in observed and name not in refused]
        told = [f"{name} ({error})" for name, error in refused.items()]
        leaderless = [*self._following.leaderless(), *(n for n in unfollowed if n in observed)]
        policies = {name: found.get(CLEANUP_POLICY, "") for name, found in settings.found.items()}
        compacted = sorted(name for name, policy in policies.items() if "compact" in policy)
        self._readiness.judge("topics", missing and f"waiting for topics {', '.join(missing)}")
        self._readiness.judge("refused", told and f"Kafka says nothing of {', '.join(told)}")
        self._readiness.judge("leaders", leaderless and f"no leader for {', '.join(leaderless)}")
        self._readiness.judge(
            "warming", "" if self._following.begun else "reading the newest records into memory"
        )
        self._readiness.judge(
            "compaction",
            compacted
            and f"cleanup.policy of {', '.join(compacted)} has compact, which drops events; "
            "it must be delete",
        )

    def _warn(self, observed: Mapping[str, TopicMetadata], settings: TopicSettings) -> None:
        """Say what the guarantee needs and Kafka does not give; each once."""
        for name, found in settings.found.items():
            for concern in self._soundness.news(name, concerns(observed[name].replicas, found)):
                log.warning("kafka does not keep what it acknowledges", topic=name, concern=concern)
        untold = settings.refused.keys() - self._untold
        if untold:
            self._untold |= untold
            log.info(
                "kafka does not tell topic settings: nobody warns where the guarantee lacks them",
                topics=sorted(untold),
                reason=settings.refused[min(untold)],
            )
