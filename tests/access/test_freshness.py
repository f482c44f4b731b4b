"""When the key set is asked for, without an endpoint and without waiting."""

from __future__ import annotations

import random

from unionflow_access.core.freshness import Freshness, Timing


def test_delays_grow_while_nobody_answers_and_stay_within_the_period() -> None:
    freshness = Freshness(Timing(every=300.0, at_least=10.0))
    rng = random.Random(7)
    delays = []
    for _ in range(12):
        freshness.on_failure()
        delays.append(freshness.next_delay(rng))
    assert 10 <= delays[0] <= 11
    assert all(300 <= delay <= 330 for delay in delays[5:])
    freshness.on_success(0.0)
    assert 300 <= freshness.next_delay(rng) <= 330


def test_an_answer_counts_until_it_is_too_old() -> None:
    freshness = Freshness(Timing(keep=60.0))
    assert not freshness.counts(0.0)
    freshness.on_success(100.0)
    assert freshness.counts(159.9)
    assert not freshness.counts(160.0)
