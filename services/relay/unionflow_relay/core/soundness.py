"""Whether Kafka keeps a topic as the guarantee needs it: what is wrong, in words, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MIN_INSYNC_REPLICAS = "min.insync.replicas"
UNCLEAN_ELECTION = "unclean.leader.election.enable"
CLEANUP_POLICY = "cleanup.policy"
SETTINGS = (CLEANUP_POLICY, MIN_INSYNC_REPLICAS, UNCLEAN_ELECTION)


def concerns(replicas: int, settings: Mapping[str, str]) -> Sequence[str]:
    """What of a topic could lose events that were acknowledged; a sentence each.

    replicas: the fewest of a partition. One alone is a choice that nobody makes by mistake: nothing
    is said of it. Settings that are not known raise no concern.
    """
    found = []
    insync = settings.get(MIN_INSYNC_REPLICAS, "")
    if replicas > 1 and insync.isdecimal() and int(insync) < 2:
        found.append(
            f"{MIN_INSYNC_REPLICAS} is {insync}: an event can be acknowledged by one broker alone "
            "and be lost with it; set it to 2"
        )
    if settings.get(UNCLEAN_ELECTION) == "true":
        found.append(
            f"{UNCLEAN_ELECTION} is true: a broker that missed events may become the leader, and "
            "they are lost; set it to false"
        )
    return found


class Soundness:
    """What was said of each topic, so that it is said once: anew only when it has changed."""

    def __init__(self) -> None:
        self._said: dict[str, Sequence[str]] = {}

    def news(self, topic: str, found: Sequence[str]) -> Sequence[str]:
        """Those of a topic's concerns that were not there at the last look."""
        before = self._said.get(topic, ())
        self._said[topic] = found
        return [concern for concern in found if concern not in before]
