"""Clients of server-sent events, slow and cut off, on two pods: none is ever silently short."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.relay.radio import MARK_EVENTS, Radio
from tests.relay.test_replays import Resuming
from unionflow_relay.adapters.websocket import replays


class ByLastEventId(Resuming):
    phone = Radio

    def __init__(self) -> None:
        super().__init__()
        self.patch.setattr(replays, "MARK_EVENTS", MARK_EVENTS)


TestByLastEventId = ByLastEventId.TestCase
TestByLastEventId.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
