"""The twelve methods, spoken to a publisher that keeps what it is told instead of sending it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from unionflow_events import (
    EVERYONE,
    Audience,
    Event,
    EventType,
    InvalidPayload,
    PublishedEvent,
    PublishMethods,
    Scope,
    new_event,
)


class Notebook(PublishMethods):
    """What an outbox would be: events are checked as ever, and kept."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(
        self,
        event_type: EventType | str,
        data: Any,
        *,
        organization_id: str | None = None,
        user_id: str | None = None,
    ) -> PublishedEvent:
        event = new_event(
            event_type,
            data=data,
            organization_id=organization_id,
            user_id=user_id,
            id=f"event-{len(self.events)}",
            timestamp_ms=0,
        )
        self.events.append(event)
        return PublishedEvent(event.id, event.topic, 0, len(self.events))


Call = Callable[[PublishMethods], Awaitable[PublishedEvent]]
ORGANIZATION = Audience(Scope.ORGANIZATION, "dakar")
DATA: dict[str, Any] = {"note": "é"}
WITH_ID = {"id": "x-1", **DATA}

# event type, call, audience, payload as published
METHODS: list[tuple[EventType, Call, Audience, dict[str, Any]]] = [
    (
        EventType.APPROVAL_PENDING,
        lambda p: p.publish_approval_pending("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
    (
        EventType.APPROVAL_APPROVED,
        lambda p: p.publish_approval_approved("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
    (
        EventType.APPROVAL_REJECTED,
        lambda p: p.publish_approval_rejected("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
    (
        EventType.DASHBOARD_STATS_UPDATED,
        lambda p: p.publish_dashboard_stats_update("dakar", DATA),
        ORGANIZATION,
        DATA,
    ),
    (
        EventType.KPI_UPDATED,
        lambda p: p.publish_kpi_update("dakar", DATA),
        ORGANIZATION,
        DATA,
    ),
    (
        EventType.ACTIVITY_CREATED,
        lambda p: p.publish_new_activity("dakar", DATA),
        ORGANIZATION,
        DATA,
    ),
    (
        EventType.EVENT_UPDATED,
        lambda p: p.publish_event_update("dakar", DATA),
        ORGANIZATION,
        DATA,
    ),
    (
        EventType.USER_NOTIFICATION,
        lambda p: p.publish_user_notification("user-17", DATA),
        Audience(Scope.USER, "user-17"),
        DATA,
    ),
    (
        EventType.BROADCAST_NOTIFICATION,
        lambda p: p.publish_broadcast_notification(DATA),
        EVERYONE,
        DATA,
    ),
    (
        EventType.BROADCAST_NOTIFICATION,
        lambda p: p.publish_broadcast_notification(DATA, "dakar"),
        ORGANIZATION,
        DATA,
    ),
    (
        EventType.MEMBER_CREATED,
        lambda p: p.publish_member_created("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
    (
        EventType.MEMBER_UPDATED,
        lambda p: p.publish_member_updated("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
    (
        EventType.CONTRIBUTION_PAID,
        lambda p: p.publish_contribution_paid("x-1", "dakar", DATA),
        ORGANIZATION,
        WITH_ID,
    ),
]


@pytest.mark.parametrize(("event_type", "call", "audience", "data"), METHODS)
async def test_a_method_publishes_its_event_to_its_audience(
    event_type: EventType, call: Call, audience: Audience, data: dict[str, Any]
) -> None:
    notebook = Notebook()

    await call(notebook)

    (event,) = notebook.events
    assert (event.event_type, event.audience, event.data) == (event_type, audience, data)


def test_every_event_type_of_the_catalogue_has_its_method() -> None:
    named = {name for name in vars(PublishMethods) if name.startswith("publish_")}

    assert {event_type for event_type, *_ in METHODS} == set(EventType)
    assert len(named) == len(EventType) == 12


async def test_a_payload_that_has_the_same_id_keeps_its_place_for_it() -> None:
    notebook = Notebook()

    await notebook.publish_member_created("m-1", "dakar", {"name": "Awa", "id": "m-1"})

    assert list(notebook.events[0].data.items()) == [("name", "Awa"), ("id", "m-1")]


@pytest.mark.parametrize("other", ["m-2", None, 1])
async def test_a_payload_with_another_id_is_refused(other: Any) -> None:
    notebook = Notebook()

    with pytest.raises(InvalidPayload, match=r"data\.id: is not the id"):
        await notebook.publish_member_created("m-1", "dakar", {"id": other})

    assert notebook.events == []


async def test_a_payload_that_is_no_dict_is_refused_by_the_same_error() -> None:
    notebook = Notebook()
    payload: Any = [("id", "m-1")]

    with pytest.raises(InvalidPayload, match="data: list is no JSON object"):
        await notebook.publish_member_created("m-1", "dakar", payload)


async def test_the_callers_payload_is_left_as_it_was() -> None:
    payload = {"name": "Awa"}

    await Notebook().publish_member_created("m-1", "dakar", payload)

    assert payload == {"name": "Awa"}
