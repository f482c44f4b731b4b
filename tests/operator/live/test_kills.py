"""An operator that is killed at a write leaves nothing that the next one cannot finish.

A few of the writes; `python -m tests.operator.live.kills` does all of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.operator.live.kills import End, Place
from tests.operator.live.running import until
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka

Kill = tuple[int, str]
NO_KILL: Kill = (0, "")
KILLS = {
    (1, "after"): "the finalizer is there, and nothing else",
    (2, "after"): "the status says that topics are about to be made, and there is none",
    (3, "after"): "the topics are there, and no object of the API server",
    (9, "before"): "some objects are there, and some are not",
}


@pytest.fixture(scope="module")
def ends(
    apiserver: ApiServer, kafka: Kafka, tmp_path_factory: pytest.TempPathFactory
) -> dict[Kill, End]:
    """What each stream has come to: each had an operator of its own, and all have one heir."""
    place = Place(apiserver, kafka.bootstrap_servers, tmp_path_factory.mktemp("kills"))
    kills = [NO_KILL, *KILLS]
    with ThreadPoolExecutor(len(kills)) as at_once:
        left = list(at_once.map(lambda kill: place.kill(*kill), kills))
    with place.heir(left):
        found = {kill: until("the end", one.end) for kill, one in zip(kills, left, strict=True)}
    for one in left:
        one.streams.close()
    return found


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: KILLS[kill])
def test_after_a_kill_the_next_operator_comes_to_the_same_end(
    ends: dict[Kill, End], kill: Kill
) -> None:
    assert ends[kill] == ends[NO_KILL]
