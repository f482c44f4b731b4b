"""The catalogue: which events there are, on which topic each lies and whom it is addressed to.

Publisher, parser, relay and operator all read it here, so that none of them has an opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """The event types that UnionFlow publishes. Others are relayed as they are."""

    APPROVAL_PENDING = "APPROVAL_PENDING"
    APPROVAL_APPROVED = "APPROVAL_APPROVED"
    APPROVAL_REJECTED = "APPROVAL_REJECTED"
    DASHBOARD_STATS_UPDATED = "DASHBOARD_STATS_UPDATED"
    KPI_UPDATED = "KPI_UPDATED"
    ACTIVITY_CREATED = "ACTIVITY_CREATED"
    EVENT_UPDATED = "EVENT_UPDATED"
    USER_NOTIFICATION = "USER_NOTIFICATION"
    BROADCAST_NOTIFICATION = "BROADCAST_NOTIFICATION"
    MEMBER_CREATED = "MEMBER_CREATED"
    MEMBER_UPDATED = "MEMBER_UPDATED"
    CONTRIBUTION_PAID = "CONTRIBUTION_PAID"


class Addressee(StrEnum):
    """Whom events of a type are for. The id of the addressee is also the record's key.

    One rule for both, so that all of one organisation's events lie in one partition of each
    topic and keep their order.
    """

    ORGANIZATION = "organization"
    USER = "user"
    ORGANIZATION_OR_EVERYONE = "organization_or_everyone"

    def key(self, organization_id: str | None, user_id: str | None) -> str | None:
        """The key of a record with these ids; None lets Kafka choose the partition."""
        return user_id if self is Addressee.USER else organization_id


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the catalogue. `name` is what it is called where no prefix is set."""

    name: str
    addressees: tuple[tuple[EventType, Addressee], ...]

    @property
    def event_types(self) -> tuple[EventType, ...]:
        """The types that lie on this topic, in the catalogue's order."""
        return tuple(event_type for event_type, _ in self.addressees)


def _topic(name: str, addressee: Addressee, *event_types: EventType) -> Topic:
    return Topic(name, tuple((event_type, addressee) for event_type in event_types))


NOTIFICATIONS_TOPIC: Final = "unionflow.notifications.user"

CATALOGUE: Final[tuple[Topic, ...]] = (
    _topic(
        "unionflow.finance.approvals",
        Addressee.ORGANIZATION,
        EventType.APPROVAL_PENDING,
        EventType.APPROVAL_APPROVED,
        EventType.APPROVAL_REJECTED,
    ),
    _topic(
        "unionflow.dashboard.stats",
        Addressee.ORGANIZATION,
        EventType.DASHBOARD_STATS_UPDATED,
        EventType.KPI_UPDATED,
        EventType.ACTIVITY_CREATED,
        EventType.EVENT_UPDATED,
    ),
    Topic(
        NOTIFICATIONS_TOPIC,
        (
            (EventType.USER_NOTIFICATION, Addressee.USER),
            (EventType.BROADCAST_NOTIFICATION, Addressee.ORGANIZATION_OR_EVERYONE),
        ),
    ),
    _topic(
        "unionflow.members.events",
        Addressee.ORGANIZATION,
        EventType.MEMBER_CREATED,
        EventType.MEMBER_UPDATED,
    ),
    _topic(
        "unionflow.contributions.events",
        Addressee.ORGANIZATION,
        EventType.CONTRIBUTION_PAID,
    ),
)

TOPIC_OF: Final = {
    event_type: topic.name for topic in CATALOGUE for event_type in topic.event_types
}
ADDRESSEE_OF: Final = {
    event_type: addressee for topic in CATALOGUE for event_type, addressee in topic.addressees
}
