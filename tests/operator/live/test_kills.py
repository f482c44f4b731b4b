"""An operator that is killed at a write leaves nothing that the next one cannot finish.

A few of the writes; `python -m tests.operator.live.kills` does all of them.
"""

from __future__ import annotations

import pytest

from tests.operator.live.kills import End, Place
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka


@pytest.fixture(scope="module")
def place(apiserver: ApiServer, kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(apiserver, kafka.bootstrap_servers, tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def whole(place: Place) -> End:
    """What it comes to without a kill."""
    return place.run(0, "")[0]


@pytest.mark.parametrize(
    ("number", "when", "what"),
    [
        (1, "after", "the finalizer is there, and nothing else"),
        (2, "after", "the status says that topics are about to be made, and there is none"),
        (3, "after", "the topics are there, and no object of the API server"),
        (9, "before", "some objects are there, and some are not"),
    ],
    ids=str,
)
def test_after_a_kill_the_next_operator_comes_to_the_same_end(
    place: Place, whole: End, number: int, when: str, what: str
) -> None:
    end, _ = place.run(number, when)
    assert end == whole, what
