"""The catalogue as methods: what a service says when something has happened.

Kept apart from how an event travels, so that whatever takes events (Kafka, an outbox) can be
spoken to in the same words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unionflow_events.catalogue import EventType
from unionflow_events.errors import InvalidPayload

Payload = Mapping[str, Any]
"""A dict that is a JSON object: amounts as decimal strings, times as RFC 3339 strings."""


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """Where an event lies, once Kafka has acknowledged it.

    Attributes:
        id: the event's UUIDv7.
        topic: its name in Kafka, prefix included.
        offset: -1 where Kafka had the event already and no longer knew its offset.
    """

    id: str
    topic: str
    partition: int
    offset: int


class PublishMethods(ABC):
    """One method for each event type of the catalogue.

    Each takes ids of 1 to 256 characters and a payload as a dict, and returns when the event is
    safe. Where a method has an id argument of its own, the payload's `id` is that id: it is added
    where absent. Each raises what `publish` raises.
    """

    @abstractmethod
    async def publish(
        self,
        event_type: EventType | str,
        data: Payload,
        *,
        organization_id: str | None = None,
        user_id: str | None = None,
    ) -> PublishedEvent:
        """Publish an event of any type of the catalogue.

        Args:
            event_type: such as `MEMBER_CREATED`.
            data: the payload. It is copied before this method first waits.
            organization_id: needed but for `USER_NOTIFICATION` and a broadcast to everyone.
            user_id: with it the event is that user's alone; `USER_NOTIFICATION` needs it.

        Raises:
            InvalidPayload: the event may not be published; nothing was sent.
            PublishTimeout: it was not acknowledged within the deadline; it may still arrive.
            PublishRejected: it was refused for good.
        """

    async def publish_approval_pending(
        self, approval_id: str, organization_id: str, approval_data: Payload
    ) -> PublishedEvent:
        """Somebody of the organisation has to decide: `transactionType, amount, currency`."""
        data = _with_id(approval_id, approval_data)
        return await self.publish(EventType.APPROVAL_PENDING, data, organization_id=organization_id)

    async def publish_approval_approved(
        self, approval_id: str, organization_id: str, approval_data: Payload
    ) -> PublishedEvent:
        """It was granted: the fields of a pending one, then `approvedBy, approvedAt`."""
        data = _with_id(approval_id, approval_data)
        return await self.publish(
            EventType.APPROVAL_APPROVED, data, organization_id=organization_id
        )

    async def publish_approval_rejected(
        self, approval_id: str, organization_id: str, approval_data: Payload
    ) -> PublishedEvent:
        """It was refused: the fields of a pending one, then `rejectedBy, rejectedAt, reason`."""
        data = _with_id(approval_id, approval_data)
        return await self.publish(
            EventType.APPROVAL_REJECTED, data, organization_id=organization_id
        )

    async def publish_dashboard_stats_update(
        self, organization_id: str, stats: Payload
    ) -> PublishedEvent:
        """The organisation's figures: `totalMembers, totalContributions, pendingApprovals`.

        The first and last are counts, the second is an amount in the organisation's currency, as
        a decimal string.
        """
        return await self.publish(
            EventType.DASHBOARD_STATS_UPDATED, stats, organization_id=organization_id
        )

    async def publish_kpi_update(self, organization_id: str, kpi: Payload) -> PublishedEvent:
        """One indicator of the organisation's dashboard has changed."""
        return await self.publish(EventType.KPI_UPDATED, kpi, organization_id=organization_id)

    async def publish_new_activity(self, organization_id: str, activity: Payload) -> PublishedEvent:
        """A new line of the dashboard's recent activity."""
        return await self.publish(
            EventType.ACTIVITY_CREATED, activity, organization_id=organization_id
        )

    async def publish_event_update(self, organization_id: str, event: Payload) -> PublishedEvent:
        """A date of the organisation's agenda has changed: a general meeting, a training."""
        return await self.publish(EventType.EVENT_UPDATED, event, organization_id=organization_id)

    async def publish_user_notification(
        self, user_id: str, notification: Payload
    ) -> PublishedEvent:
        """A message for one user, whom nobody else's screen shows it."""
        return await self.publish(EventType.USER_NOTIFICATION, notification, user_id=user_id)

    async def publish_broadcast_notification(
        self, notification: Payload, organization_id: str | None = None
    ) -> PublishedEvent:
        """A message for all members of an organisation or, without one, for everyone there is."""
        return await self.publish(
            EventType.BROADCAST_NOTIFICATION, notification, organization_id=organization_id
        )

    async def publish_member_created(
        self, member_id: str, organization_id: str, member: Payload
    ) -> PublishedEvent:
        """Somebody has joined the organisation."""
        data = _with_id(member_id, member)
        return await self.publish(EventType.MEMBER_CREATED, data, organization_id=organization_id)

    async def publish_member_updated(
        self, member_id: str, organization_id: str, member: Payload
    ) -> PublishedEvent:
        """A member's particulars have changed.

        With `userId` and a `status` other than `ACTIVE` in the payload, that user's right to see
        the organisation's events ends at once; with `ACTIVE` it is given back.
        """
        data = _with_id(member_id, member)
        return await self.publish(EventType.MEMBER_UPDATED, data, organization_id=organization_id)

    async def publish_contribution_paid(
        self, contribution_id: str, organization_id: str, contribution: Payload
    ) -> PublishedEvent:
        """A member has paid a contribution."""
        data = _with_id(contribution_id, contribution)
        return await self.publish(
            EventType.CONTRIBUTION_PAID, data, organization_id=organization_id
        )


def _with_id(own_id: str, data: Payload) -> Payload:
    if not isinstance(data, dict):
        return data  # `publish` says what is wrong with it
    if "id" not in data:
        return {"id": own_id, **data}
    if data["id"] != own_id:
        raise InvalidPayload("data.id", "is not the id that the method was given")
    return data
